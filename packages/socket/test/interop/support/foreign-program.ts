import { fileURLToPath } from 'node:url'
import { ChildProgram } from '@wigwag/testkit'
import type { PeerEvent } from '../peers/run-peer.ts'
import type { Report, SessionSpec } from './session.ts'
import type { Listening, Side } from './side.ts'

/** A peer of the folder `peers` as a child process that is told what to do over stdio, a line of JSON at a time. */
export class ForeignProgram implements Side {
  readonly name: string
  readonly #program: ChildProgram
  #lastId = 0

  /** `script` is a file of the folder `peers`. */
  constructor(name: string, command: string, args: readonly string[], script: string) {
    this.name = name
    const path = fileURLToPath(new URL(`../peers/${script}`, import.meta.url))
    this.#program = new ChildProgram(command, [...args, path])
  }

  async connect(url: string, spec: SessionSpec): Promise<Report> {
    return this.#report(this.#tell({ do: 'connect', url, ...spec }))
  }

  async listen(spec: SessionSpec): Promise<Listening> {
    const id = this.#tell({ do: 'listen', ...spec })
    const event = await this.#next(id, ['listening', 'failed'])
    if (event.event !== 'listening') throw this.#failure(event)
    const report = this.#report(id)
    report.catch(() => {})
    return { port: event.port, report }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]()
  }

  async #report(id: number): Promise<Report> {
    const event = await this.#next(id, ['report', 'failed'])
    if (event.event !== 'report') throw this.#failure(event)
    return event.report
  }

  #tell(command: object): number {
    const id = ++this.#lastId
    this.#program.write(`${JSON.stringify({ id, ...command })}\n`)
    return id
  }

  async #next(id: number, events: readonly PeerEvent['event'][]): Promise<PeerEvent> {
    const [line] = await this.#program.waitFor(
      new RegExp(`^\\{"id": ?${id}, ?"event": ?"(?:${events.join('|')})".*\\}$`, 'm'),
    )
    return JSON.parse(line) as PeerEvent
  }

  #failure(event: PeerEvent): Error {
    const error = event.event === 'failed' ? event.error : event.event
    return new Error(`${this.name} failed: ${error}\n${this.#program.stderr}`)
  }
}
