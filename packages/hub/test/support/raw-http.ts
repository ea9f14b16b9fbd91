import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A TCP connection on which a test writes HTTP by hand. */
export interface RawConnection {
  readonly socket: Socket
  /** Everything that came, as Latin-1. */
  readonly text: () => string
  write(...lines: string[]): void
  /** Resolves with everything that came once it matches. */
  until(pattern: RegExp): Promise<string>
  readonly closed: Promise<void>
}

/** Connects; drops the connection when the test is finished. */
export async function connectRaw(port: number): Promise<RawConnection> {
  const socket = connect({ port, host: '127.0.0.1' })
  onTestFinished(() => {
    socket.destroy()
  })
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  let text = ''
  const waiting = new Set<() => void>()
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
    for (const check of [...waiting]) check()
  })
  socket.on('error', () => {})
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  let isClosed = false
  socket.once('close', () => {
    isClosed = true
    for (const check of [...waiting]) check()
  })
  return {
    socket,
    text: () => text,
    closed,
    write: (...lines) => {
      socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    },
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (pattern.test(text)) resolve(text)
          else if (isClosed) reject(new Error(`Closed before ${String(pattern)} came: ${JSON.stringify(text)}`))
          else return
          waiting.delete(check)
        }
        waiting.add(check)
        check()
      }),
  }
}
