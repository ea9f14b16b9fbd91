import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { pinnedCommand } from './pinning.ts'

/** A program to start. */
export interface ProgramOptions {
  /** For messages: "the ws server". */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** The core that it is kept on, or `undefined` for any. */
  readonly core: number | undefined
  /** What it reads first on stdin, which stays open behind that. */
  readonly input?: Uint8Array
}

const running = new Set<ChildProcess>()
process.once('exit', endAllPrograms)

/** Ends every program that still runs, without waiting. */
export function endAllPrograms(): void {
  for (const child of running) child.kill('SIGKILL')
}

/** A child process that speaks in lines on stdout. Its stdin ends with this process. */
export class Program {
  readonly #name: string
  readonly #child: ChildProcess
  readonly #failed: Promise<unknown>

  constructor(options: ProgramOptions) {
    this.#name = options.name
    const [command, args] = pinnedCommand(options.core, options.command, options.args)
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...options.env } })
    this.#failed = once(this.#child, 'error')
    running.add(this.#child)
    this.#child.once('exit', () => running.delete(this.#child))
    this.#child.once('error', () => running.delete(this.#child))
    // A program that ends before it has read all: what it says, or that it ended, tells more.
    this.#child.stdin?.on('error', () => {})
    if (options.input !== undefined) this.#child.stdin?.write(options.input)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** The first line of stdout that matches; rejects when the process ends or `timeoutMs` passes without one. */
  async line(pattern: RegExp, timeoutMs: number): Promise<string> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      const after = `${timeoutMs / 1000} s`
      timer = setTimeout(
        () => reject(new Error(`${this.#name} did not say what was expected within ${after}`)),
        timeoutMs,
      )
    })
    return Promise.race([this.#readLine(pattern), late]).finally(() => clearTimeout(timer))
  }

  /** Ends the process and waits for that. */
  async end(): Promise<void> {
    if (!running.has(this.#child)) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }

  async #readLine(pattern: RegExp): Promise<string> {
    const stdout = this.#child.stdout
    if (stdout === null) throw new Error(`${this.#name} has no stdout`)
    const found = new Promise<string | undefined>((resolve) => {
      const lines = createInterface(stdout)
      // Reads on to the end, so that a program that has more to say is never held up.
      lines.on('line', (line) => {
        if (pattern.test(line)) resolve(line)
      })
      lines.on('close', () => resolve(undefined))
    })
    const line = await Promise.race([found, this.#failed])
    if (typeof line === 'string') return line
    const [reason] = Array.isArray(line) ? line : []
    throw new Error(reason instanceof Error ? `${this.#name}: ${reason.message}` : `${this.#name} ended by itself`)
  }
}
