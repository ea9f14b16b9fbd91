import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** A process that takes part: it is told what to do by its only argument and by messages, and tells what it did in messages. */
export class Peer<Told extends { readonly kind: string }> {
  readonly #name: string
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>

  /** `told` hears every message. The process ends when this one does. */
  constructor(name: string, file: string, spec: unknown, told: (message: Told) => void = () => {}) {
    this.#name = name
    this.#child = spawn(process.execPath, [file, JSON.stringify(spec)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    running.add(this.#child)
    this.#ended = once(this.#child, 'exit').then(() => running.delete(this.#child))
    this.#child.on('message', (message) => told(message as Told))
    // A message to a process that has ended is not heard; its end is.
    this.#child.on('error', () => {})
  }

  /** The next message of a kind. Rejects when the process ends without. */
  next<Kind extends Told['kind']>(kind: Kind): Promise<Extract<Told, { readonly kind: Kind }>> {
    const heard = new Promise<Extract<Told, { readonly kind: Kind }>>((resolve) => {
      const hear = (message: unknown): void => {
        if ((message as Told).kind !== kind) return
        this.#child.off('message', hear)
        resolve(message as Extract<Told, { readonly kind: Kind }>)
      }
      this.#child.on('message', hear)
    })
    const ended = this.#ended.then(() => {
      throw new Error(`${this.#name} ended before it told ${kind}.`)
    })
    return Promise.race([heard, ended])
  }

  /** Tells it something. */
  send(message: object): void {
    if (this.#child.connected) this.#child.send(message)
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill()
  }
}
