import { HttpWire, isLastAnswer } from './http-wire.ts'
import type { ReaderOptions } from './wire-reader.ts'

/** Where what the client of a session says goes. */
export interface SessionAddress {
  readonly node: string
  readonly session: string
}

/** What the client of a session says in requests beside its stream or its polls, one behind the other. */
export class SessionUpstream {
  readonly #port: number
  readonly #options: ReaderOptions
  readonly #refused: () => void
  #wire: HttpWire | undefined
  #address: SessionAddress | undefined
  readonly #unsent: string[] = []
  #sending: Promise<void> = Promise.resolve()
  #isClosed = false

  /** `refused` is told when there is no such session any more, or nobody could be asked. */
  constructor(port: number, options: ReaderOptions, refused: () => void) {
    this.#port = port
    this.#options = options
    this.#refused = refused
  }

  /** Bytes that went both ways. */
  get wires(): readonly HttpWire[] {
    return this.#wire === undefined ? [] : [this.#wire]
  }

  /** The session is open: what was said before goes now. */
  opened(address: SessionAddress): void {
    this.#address = address
    this.#next()
  }

  send(packets: string): void {
    this.#unsent.push(packets)
    this.#next()
  }

  close(): void {
    this.#isClosed = true
    this.#wire?.reset()
  }

  #next(): void {
    this.#sending = this.#sending.then(() => this.#post()).catch(() => this.#refused())
  }

  async #post(): Promise<void> {
    if (this.#address === undefined || this.#isClosed || this.#unsent.length === 0) return
    const body = JSON.stringify({ ...this.#address, data: this.#unsent.splice(0).join('\n') })
    if (this.#wire === undefined || this.#wire.isClosed) this.#wire = await HttpWire.connect(this.#port)
    const { headers = {} } = this.#options
    const answer = await this.#wire.ask({ method: 'POST', path: '/emulation', headers, body })
    if (isLastAnswer(answer)) this.#wire = undefined
    if (answer.status !== 204) this.#refused()
  }
}
