import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { MeterAnswers } from './heap-meter.ts'

const METER = new URL('./heap-meter.ts', import.meta.url).href
// A young generation so large that the collector hardly runs: nothing is counted twice because it was moved.
const FLAGS = [
  '--expose-gc',
  '--min-semi-space-size=64',
  '--max-semi-space-size=64',
  '--single-threaded-gc',
  '--disable-warning=ExperimentalWarning',
]

/** A server of the benchmark, from its source, with a meter in its process. */
export class MeteredServer {
  readonly #child: ChildProcess
  readonly port: number

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
  }

  /** Starts the program of `bench/subjects`; resolves when it listens. */
  static async start(subject: string, args: readonly string[] = []): Promise<MeteredServer> {
    const file = fileURLToPath(new URL(`../subjects/${subject}.ts`, import.meta.url))
    const flags = [...FLAGS, '--conditions=@wigwag/source', '--import=tsx', `--import=${METER}`]
    const child = spawn(process.execPath, [...flags, file, ...args], { stdio: ['pipe', 'pipe', 'inherit', 'ipc'] })
    for await (const line of createInterface(child.stdout as NodeJS.ReadableStream)) {
      return new MeteredServer(child, Number(line))
    }
    throw new Error(`${subject} ended before it listened`)
  }

  /** Asks the meter. */
  async ask<Name extends keyof MeterAnswers>(name: Name): Promise<MeterAnswers[Name]> {
    const answered = once(this.#child, 'message')
    this.#child.send(name)
    const [answer] = await answered
    return answer as MeterAnswers[Name]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }
}
