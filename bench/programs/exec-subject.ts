import { spawnSync } from 'node:child_process'
import { ChildProgram, execWigwag, freePort } from '@wigwag/testkit'
import { untilListening } from './until-listening.ts'

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
    name: 'wigwag exec',
    isThere: true,
    start: async (command) => {
      const { program, url } = await execWigwag(['--', ...command])
      return { url, program }
    },
  },
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
      // It says that it starts before it listens.
      await untilListening(port)
      return { url: `ws://127.0.0.1:${port}/`, program }
    },
  },
]
