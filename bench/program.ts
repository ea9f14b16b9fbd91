import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { basename } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { pinnedNode } from './pinning.ts'

const CACHE = new URL('../node_modules/.cache/wigwag-bench/', import.meta.url)

/**
 * Turns a TypeScript program of the benchmark into plain JavaScript, so that no loader runs in the process under test.
 * Packages stay imports and resolve as they do for anybody. Returns the file.
 */
export async function buildProgram(source: URL): Promise<string> {
  const outfile = fileURLToPath(new URL(`${basename(source.pathname, '.ts')}.mjs`, CACHE))
  await build({
    entryPoints: [fileURLToPath(source)],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  })
  return outfile
}

/** A child process that speaks in lines on stdout and ends when its stdin does. */
export class Program {
  readonly #name: string
  readonly #child: ChildProcess
  readonly #firstLine: Promise<string>

  constructor(name: string, core: number | undefined, args: readonly string[]) {
    this.#name = name
    const [command, commandArgs] = pinnedNode(core, args)
    this.#child = spawn(command, commandArgs, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#firstLine = this.#readFirstLine()
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** The first line of stdout; rejects when the process ends or `timeoutMs` passes without one. */
  async firstLine(timeoutMs: number): Promise<string> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`${this.#name} said nothing for ${timeoutMs / 1000} s`)), timeoutMs)
    })
    return Promise.race([this.#firstLine, late]).finally(() => clearTimeout(timer))
  }

  /** Ends the process and waits for that. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }

  async #readFirstLine(): Promise<string> {
    const [failed, stdout] = [once(this.#child, 'error'), this.#child.stdout]
    if (stdout === null) throw new Error(`${this.#name} has no stdout`)
    const lines = createInterface(stdout)
    const line = await Promise.race([once(lines, 'line'), once(lines, 'close'), failed])
    if (line[0] instanceof Error) throw line[0]
    if (typeof line[0] !== 'string')
      throw new Error(`${this.#name} ended before it said anything (is the workspace built? npm run build)`)
    return line[0]
  }
}
