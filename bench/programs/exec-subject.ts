import { spawnSync } from 'node:child_process'
import { connect } from 'node:net'
import { ChildProgram, execWigwag, freePort } from '@wigwag/testkit'

/** A server that puts a program on a WebSocket. */
export interface ExecSubject {
  readonly name: string
  /** Whether it is installed. */
  readonly isThere: boolean
  /** Starts it; resolves when it listens. */
  start(command: readonly string[]): Promise<{ readonly url: string; readonly program: ChildProgram }>
}

/** Whose figures are compared. */
export const EXEC_SUBJECTS: readonly ExecSubject[] = [
  {
    name: 'websocketd',
    isThere: spawnSync('websocketd', ['--version']).error === undefined,
    start: async (command) => {
      const port = await freePort()
      const program = new ChildProgram('websocketd', [
        `--port=${port}`,
        '--address=127.0.0.1',
        '--loglevel=info',
        ...command,
      ])
      await untilListening(port)
      return { url: `ws://127.0.0.1:${port}/`, program }
    },
  },
  {
    name: 'wigwag exec',
    isThere: true,
    start: async (command) => {
      const { program, url } = await execWigwag(['--', ...command])
      return { url, program }
    },
  },
]

/** It says that it starts before it listens. */
async function untilListening(port: number): Promise<void> {
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
