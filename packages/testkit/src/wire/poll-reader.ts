import { setTimeout as sleep } from 'node:timers/promises'
import { HttpWire, isLastAnswer, type WireAnswer, WireClosed } from './http-wire.ts'
import { type PublicationLine, toldOfLine } from './publication-lines.ts'
import { pathOf, type ReaderOptions, ReaderRefused, readPosition, WireReader } from './wire-reader.ts'

/** How a subscriber polls: it waits for answers, or asks every now and then. */
export type Polling =
  | { readonly waitSeconds: number; readonly intervalMs?: undefined }
  | { readonly intervalMs: number; readonly waitSeconds?: undefined }

/** A subscriber that asks, again and again, over one connection as long as that is kept alive. */
export class PollReader extends WireReader {
  readonly #port: number
  readonly #options: ReaderOptions
  readonly #polling: Polling
  #wire: HttpWire
  #tag: string | undefined
  #before = { received: 0, sent: 0 }
  #isCut = false
  #isStalled = false
  /** Answers that came on a connection which had carried another (count). */
  reused = 0

  private constructor(port: number, options: ReaderOptions, polling: Polling, wire: HttpWire) {
    super(options)
    this.#port = port
    this.#options = options
    this.#polling = polling
    this.#wire = wire
    this.#tag = options.after && `"${options.after.epoch}:${options.after.offset}"`
  }

  /** Comes in: finds out where the channel stands, or begins behind `after`. Rejects with `ReaderRefused`. */
  static async open(port: number, options: ReaderOptions, polling: Polling): Promise<PollReader> {
    const wire = await HttpWire.connect(port)
    const reader = new PollReader(port, options, polling, wire)
    const { headers, version = '1.1' } = options
    const [path, tag] = options.after === undefined ? [pathOf(options), undefined] : [pathOf(options), reader.#tag]
    const answer = await wire.ask({ path, version, headers: { 'If-None-Match': tag, ...headers } })
    reader.headers = answer.headers
    if (options.after === undefined) reader.#standAt(answer)
    if (!reader.#take(answer, options.after !== undefined)) {
      wire.reset()
      throw new ReaderRefused(answer.status, answer.headers, answer.body)
    }
    void reader.#follow().catch((error: unknown) => {
      if (!(error instanceof WireClosed) && !reader.#isCut) throw error
      reader.finish({ how: 'RST' })
    })
    return reader
  }

  get bytes(): { readonly received: number; readonly sent: number } {
    const { bytesRead, bytesWritten } = this.#wire.socket
    return { received: this.#before.received + bytesRead, sent: this.#before.sent + bytesWritten }
  }

  stall(): void {
    this.#isStalled = true
    this.#wire.stall()
  }

  goOn(): void {
    this.#isStalled = false
    this.#wire.goOn()
  }

  cut(): void {
    this.#isCut = true
    this.#wire.reset()
  }

  async #follow(): Promise<void> {
    const { waitSeconds, intervalMs } = this.#polling
    const path = pathOf(this.#options, waitSeconds === undefined ? {} : { wait: String(waitSeconds) })
    const { headers, version = '1.1' } = this.#options
    while (!this.#isCut) {
      if (intervalMs !== undefined) await sleep(intervalMs)
      await this.#connectAnew()
      const answer = await this.#wire.ask({ path, version, headers: { 'If-None-Match': this.#tag, ...headers } })
      if (!this.#take(answer, true)) {
        this.finish({ how: 'status', code: answer.status })
        this.#wire.reset()
      }
      if (this.end !== undefined) return
    }
  }

  /** A connection that the server has done with is followed by another. */
  async #connectAnew(): Promise<void> {
    if (!this.#wire.isClosed && !this.#isLast) {
      this.reused++
      return
    }
    this.#before = this.bytes
    this.#wire.reset()
    this.#wire = await HttpWire.connect(this.#port)
    this.#isLast = false
    if (this.#isStalled) this.#wire.stall()
    if (this.#isCut) this.#wire.reset()
  }

  #isLast = false

  #standAt({ headers }: WireAnswer): void {
    const tag = headers.get('etag')
    this.tell({ kind: 'standing', position: tag === undefined ? undefined : readPosition(tag.slice(1, -1)) })
  }

  /** Returns whether it was an answer to a poll. */
  #take(answer: WireAnswer, isBehind: boolean): boolean {
    const { status, headers, body } = answer
    if (status !== 200 && status !== 204 && status !== 304) return false
    this.#isLast = isLastAnswer(answer)
    this.#tag = headers.get('etag') ?? this.#tag
    if (!isBehind) return true
    const gap = headers.get('wigwag-gap')
    if (gap !== undefined) this.tell({ kind: 'gap', reason: gap })
    if (status !== 200) this.tell({ kind: 'keepalive' })
    else for (const line of JSON.parse(body) as PublicationLine[]) this.tell(toldOfLine(line))
    if (this.#tag !== undefined) this.stand(readPosition(this.#tag.slice(1, -1)))
    return true
  }
}
