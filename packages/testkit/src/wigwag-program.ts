import { fileURLToPath } from 'node:url'
import { ChildProgram } from './child-program.ts'

/** The command as it is shipped. */
const WIGWAG = fileURLToPath(new URL('../../cli/bin/wigwag.js', import.meta.url))

/** Runs `wigwag` with these arguments. It must have been built. */
export function runWigwag(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProgram {
  return new ChildProgram(process.execPath, [WIGWAG, ...args], env)
}

/** A running `wigwag serve`. */
export interface ServedWigwag {
  readonly program: ChildProgram
  /** `http://localhost:PORT`. */
  readonly url: string
  readonly port: number
}

/** Starts `wigwag serve`, by default on any free port; resolves when it listens. */
export async function serveWigwag(args: readonly string[] = [], port = 0): Promise<ServedWigwag> {
  const program = runWigwag(['serve', '--port', String(port), '--log-level', 'warn', ...args])
  const [, url = '', actual] = await program.waitFor(/serves (https?:\/\/[^\s]+:(\d+))/)
  return { program, url, port: Number(actual) }
}

/** Starts `wigwag exec` on any free port; resolves when it listens. */
export async function execWigwag(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ServedWigwag> {
  const program = runWigwag(['exec', '--port', '0', '--log-level', 'warn', ...args], env)
  const [, url = '', actual] = await program.waitFor(/ at (wss?:\/\/[^\s,]+:(\d+))/)
  return { program, url, port: Number(actual) }
}
