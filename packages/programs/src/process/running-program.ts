import { type ChildProcess, type ChildProcessWithoutNullStreams, type SpawnOptions, spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { ProgramsError } from '../programs-error.ts'
import { climb, type ResolvedKillLadder, rungsOf } from './kill-ladder.ts'
import { type OutputPipes, pipeStock } from './output-pipes.ts'
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

/** Its streams, seen from us. */
interface ProgramStreams {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
}

/** A program that runs in a session of its own, with its streams and its end. Made by `startProgram`. */
export class RunningProgram implements TableEntry {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  readonly #group: ProcessGroup
  readonly #ladder: ResolvedKillLadder
  readonly #atEnd: Promise<ProgramEnd>
  readonly #gone: Promise<void>
  #ending: Promise<void> | undefined

  /** Use `startProgram`. */
  constructor(child: ChildProcess, { stdin, stdout, stderr }: ProgramStreams, ladder: ResolvedKillLadder) {
    this.stdin = stdin
    this.stdout = stdout
    this.stderr = stderr
    this.#group = new ProcessGroup(child.pid as number)
    this.#ladder = ladder
    // It may stop reading, or end, while something is written to it.
    for (const stream of [stdin, stdout, stderr]) stream.on('error', () => {})
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
    this.stdin.end()
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
  let pipes: OutputPipes | undefined
  try {
    pipes = await pipeStock.take()
    const options: SpawnOptions = { env, detached: true, ...(cwd !== undefined && { cwd }) }
    const child = spawn(command, args, { ...options, stdio: pipes === undefined ? 'pipe' : ['pipe', ...pipes.fds] })
    if (child.pid === undefined) throw await new Promise((resolve) => child.once('error', resolve))
    const { stdin, stdout, stderr } = { ...(child as ChildProcessWithoutNullStreams), ...pipes }
    return new RunningProgram(child, { stdin, stdout, stderr }, ladder)
  } catch (error) {
    pipes?.stdout.destroy()
    pipes?.stderr.destroy()
    const { code, message } = error as NodeJS.ErrnoException
    throw new ProgramsError('ERR_PROGRAM_START', `Cannot start ${command}: ${WHY[code ?? ''] ?? message}.`, {
      cause: error,
    })
  } finally {
    // The program has them, or nobody.
    for (const fd of pipes?.fds ?? []) closeSync(fd)
  }
}
