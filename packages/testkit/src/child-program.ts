import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'

/** How a program ended. */
export interface ProgramExit {
  /** The exit code; `null` when a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const running = new Map<ChildProcessWithoutNullStreams, NodeJS.Signals>()
// One hook for all: whatever a test forgets ends with the test process.
process.once('exit', () => {
  for (const [child, signal] of running) child.kill(signal)
})

/** A real program in a test's hands: what it wrote, waiting for what it will write, its end. */
export class ChildProgram {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #endSignal: NodeJS.Signals
  readonly #changed = new Set<() => void>()
  /** Resolves when it has ended and everything that it wrote was read. */
  readonly exit: Promise<ProgramExit>
  #stdout = ''
  #stderr = ''
  #ended = false

  /** `endSignal` ends it for certain, with every process that it started. */
  constructor(
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    endSignal: NodeJS.Signals = 'SIGKILL',
  ) {
    const child = spawn(command, args, { env: { ...process.env, NO_COLOR: '1', ...env }, stdio: 'pipe' })
    this.#child = child
    this.#endSignal = endSignal
    running.set(child, endSignal)
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text
      this.#notify()
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
      this.#notify()
    })
    child.stdin.on('error', () => {})
    this.exit = once(child, 'close').then(([code]) => {
      running.delete(child)
      this.#ended = true
      this.#notify()
      return { code: code as number | null, stdout: this.#stdout, stderr: this.#stderr }
    })
  }

  get stdout(): string {
    return this.#stdout
  }

  get stderr(): string {
    return this.#stderr
  }

  get pid(): number {
    return this.#child.pid as number
  }

  /** Resolves when what it wrote matches. Rejects when it ends without. */
  async waitFor(pattern: RegExp, stream: 'stdout' | 'stderr' = 'stdout'): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(stream === 'stdout' ? this.#stdout : this.#stderr)
      if (match !== null) return match
      if (this.#ended) throw new Error(`It ended without ${pattern}.\nstdout: ${this.#stdout}\nstderr: ${this.#stderr}`)
      await new Promise<void>((resolve) => {
        this.#changed.add(resolve)
      })
    }
  }

  /** Writes to its stdin. */
  write(input: string | Uint8Array): void {
    this.#child.stdin.write(input)
  }

  /** Ends its stdin. */
  endInput(): void {
    this.#child.stdin.end()
  }

  /** Sends it a signal; use `exit` to wait for its end. */
  kill(signal: NodeJS.Signals = 'SIGTERM'): void {
    this.#child.kill(signal)
  }

  /** Ends it, if it has not ended by itself. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.kill(this.#endSignal)
    await this.exit
  }

  #notify(): void {
    for (const resolve of this.#changed) resolve()
    this.#changed.clear()
  }
}
