import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { ProgramsError } from '../programs-error.ts'
import { climb, type ResolvedKillLadder, rungsOf } from './kill-ladder.ts'
import { ProcessGroup } from './process-group.ts'
import type { TableEntry } from './process-table.ts'

/** What is started, and how. There is no shell between: arguments reach the program as they are. */
export interface ProgramSpec {
  readonly command: string
  readonly args: readonly string[]
  /** All of its environment: nothing of ours is added. */
  readonly env: Readonly<Record<string, string>>
  /** Its working directory. Default: ours. */
  readonly cwd?: string | undefined
}

/** How a program ended: with an exit status, or by a signal. */
export type ProgramEnd =
  | { readonly by: 'status'; readonly status: number }
  | { readonly by: 'signal'; readonly signal: NodeJS.Signals }

/** A program that runs in a session of its own, with its streams and its end. Made by `startProgram`. */
export class RunningProgram implements TableEntry {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #group: ProcessGroup
  readonly #ladder: ResolvedKillLadder
  readonly #atEnd: Promise<ProgramEnd>
  readonly #gone: Promise<void>
  #ending: Promise<void> | undefined

  /** Use `startProgram`. */
  constructor(child: ChildProcessWithoutNullStreams, ladder: ResolvedKillLadder) {
    this.#child = child
    this.#group = new ProcessGroup(child.pid as number)
    this.#ladder = ladder
    // It may stop reading, or end, while something is written to it.
    child.stdin.on('error', () => {})
    child.stdout.on('error', () => {})
    child.stderr.on('error', () => {})
    this.#atEnd = new Promise((resolve) => {
      child.once('exit', (status, signal) => {
        this.#group.leaderEnded()
        resolve(signal === null ? { by: 'status', status: status ?? 0 } : { by: 'signal', signal })
      })
    })
    this.#gone = this.#atEnd.then(() => this.end())
  }

  get pid(): number {
    return this.#group.pid
  }

  get stdin(): Writable {
    return this.#child.stdin
  }

  get stdout(): Readable {
    return this.#child.stdout
  }

  get stderr(): Readable {
    return this.#child.stderr
  }

  /** Resolves when it has ended, which what it started need not have. */
  get ended(): Promise<ProgramEnd> {
    return this.#atEnd
  }

  /** Resolves when it has ended with everything that it had started. */
  get gone(): Promise<void> {
    return this.#gone
  }

  /** Brings it to its end, with what it started: ends its input, then SIGINT, SIGTERM, SIGKILL. Resolves when it is gone. */
  end(): Promise<void> {
    this.#ending ??= this.#end()
    return this.#ending
  }

  /** Ends it at once. */
  kill(): void {
    this.#group.signal('SIGKILL')
  }

  async #end(): Promise<void> {
    this.#child.stdin.end()
    await climb(this.#group, rungsOf(this.#ladder), this.#atEnd)
  }
}

/** Why a program could not be started, in words of its user. */
const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such program; check the name and the PATH',
  EACCES: 'it may not be executed; chmod +x makes a script executable',
  ENOEXEC: 'it is no program; a script begins with a line such as #!/bin/sh',
  EAGAIN: 'the system has as many processes as it allows',
  E2BIG: 'its arguments and environment are too large',
}

/** Starts a program. Rejects with `ProgramsError` `ERR_PROGRAM_START` that says why it could not. */
export async function startProgram(spec: ProgramSpec, ladder: ResolvedKillLadder): Promise<RunningProgram> {
  const { command, args, env, cwd } = spec
  try {
    const child = spawn(command, args, { env, stdio: 'pipe', detached: true, ...(cwd !== undefined && { cwd }) })
    if (child.pid !== undefined) return new RunningProgram(child, ladder)
    throw await new Promise((resolve) => child.once('error', resolve))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new ProgramsError('ERR_PROGRAM_START', `Cannot start ${command}: ${WHY[code ?? ''] ?? message}.`, {
      cause: error,
    })
  }
}
