import { connect } from 'node:net'

/** Resolves when somebody listens on a port of this machine. */
export async function untilListening(port: number): Promise<void> {
  const isListening = (): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy()
        resolve(true)
      })
      socket.once('error', () => setTimeout(() => resolve(false), 10))
    })
  while (!(await isListening())) {}
}
