import { textOf } from './publication-lines.ts'
import { type ReaderEnd, type ReaderOptions, ReaderRefused, type WirePosition, WireReader } from './wire-reader.ts'

/** What carries the packets of a session. */
export interface PacketLine {
  /** Sends packets: one JSON object, or more, one on a line. */
  send(packets: string): void
  stall(): void
  goOn(): void
  cut(): void
  readonly bytes: { readonly received: number; readonly sent: number }
  /** The headers of the answer that let it in. */
  readonly headers: ReadonlyMap<string, string>
}

/** What a line tells its session. */
export interface PacketSink {
  packets(text: string): void
  closed(end: ReaderEnd): void
}

/** Opens a line, and sends what is given with it or at once. Rejects with `ReaderRefused`. */
export type OpenPacketLine = (
  port: number,
  options: ReaderOptions,
  connect: string,
  sink: PacketSink,
) => Promise<PacketLine>

interface PublicationPacket {
  readonly data: unknown
  readonly offset?: number
}

interface Reply {
  readonly id?: number
  readonly error?: { readonly code: number; readonly message: string }
  readonly connect?: object
  readonly subscribe?: {
    readonly epoch?: string
    readonly offset?: number
    readonly publications?: readonly PublicationPacket[]
    readonly was_recovering?: boolean
    readonly recovered?: boolean
  }
  readonly push?: {
    readonly channel?: string
    readonly pub?: PublicationPacket
    readonly unsubscribe?: { readonly code: number }
  }
}

/** How credentials get into a session. */
export interface SessionReaderOptions extends ReaderOptions {
  /** Goes with the connect command. */
  readonly token?: string
}

/** A subscriber that is a session in one channel, in Centrifuge's protocol. */
export class SessionReader extends WireReader {
  readonly #options: SessionReaderOptions
  readonly #opened: (refusal: ReaderRefused | undefined) => void
  #line: PacketLine | undefined
  /** What is to be sent before the line is known to be open. */
  readonly #unsent: string[] = []
  #epoch: string | undefined

  private constructor(options: SessionReaderOptions, opened: (refusal: ReaderRefused | undefined) => void) {
    super(options)
    this.#options = options
    this.#opened = opened
  }

  /** Connects and subscribes. Rejects with `ReaderRefused`. */
  static async open(port: number, options: SessionReaderOptions, openLine: OpenPacketLine): Promise<SessionReader> {
    let settle = (_refusal: ReaderRefused | undefined): void => {}
    const opened = new Promise<void>((resolve, reject) => {
      settle = (refusal) => (refusal === undefined ? resolve() : reject(refusal))
    })
    opened.catch(() => {})
    const reader = new SessionReader(options, settle)
    const connect = JSON.stringify({ id: 1, connect: options.token === undefined ? {} : { token: options.token } })
    reader.#line = await openLine(port, options, connect, {
      packets: (text) => reader.#packets(text),
      closed: (end) => reader.#closed(end),
    })
    reader.headers = reader.#line.headers
    for (const packet of reader.#unsent.splice(0)) reader.#line.send(packet)
    await opened
    return reader
  }

  get bytes(): { readonly received: number; readonly sent: number } {
    return this.#line?.bytes ?? { received: 0, sent: 0 }
  }

  stall(): void {
    this.#line?.stall()
  }

  goOn(): void {
    this.#line?.goOn()
  }

  cut(): void {
    this.#line?.cut()
  }

  #send(packet: object): void {
    const text = JSON.stringify(packet)
    if (this.#line === undefined) this.#unsent.push(text)
    else this.#line.send(text)
  }

  #packets(text: string): void {
    for (const line of text.split('\n')) if (line !== '') this.#packet(JSON.parse(line) as Reply)
  }

  #packet({ id, error, connect, subscribe, push }: Reply): void {
    if (error !== undefined) {
      this.#opened(new ReaderRefused(error.code, new Map(), error.message))
      this.cut()
    } else if (connect !== undefined) {
      const { channel, after } = this.#options
      this.#send({ id: 2, subscribe: { channel, ...(after && { recover: true, ...after }) } })
    } else if (subscribe !== undefined) this.#subscribed(subscribe)
    else if (push !== undefined) this.#push(push)
    else if (id === undefined) {
      this.#send({})
      this.tell({ kind: 'keepalive' })
    }
  }

  #subscribed({
    epoch = '',
    offset = 0,
    publications = [],
    was_recovering,
    recovered,
  }: NonNullable<Reply['subscribe']>): void {
    this.#epoch = epoch
    if (was_recovering === true && recovered !== true) this.tell({ kind: 'gap', reason: 'untold' })
    for (const publication of publications) this.#published(publication)
    const at: WirePosition = { epoch, offset: publications.at(-1)?.offset ?? offset }
    this.tell({ kind: 'standing', position: epoch === '' ? undefined : at })
    this.#opened(undefined)
  }

  #push({ channel, pub, unsubscribe }: NonNullable<Reply['push']>): void {
    if (channel !== this.#options.channel) return
    if (pub !== undefined) this.#published(pub)
    // Whoever is unsubscribed comes back with another session here: it is simpler, and the position is the same.
    if (unsubscribe !== undefined) {
      this.finish({ how: 'close', code: unsubscribe.code })
      this.cut()
    }
  }

  #published({ data, offset }: PublicationPacket): void {
    const position = offset === undefined || this.#epoch === undefined ? undefined : { epoch: this.#epoch, offset }
    this.tell({ kind: 'publication', data: textOf(data), position })
  }

  #closed(end: ReaderEnd): void {
    this.#opened(new ReaderRefused(end.code ?? 0, new Map(), 'the session ended before it was subscribed'))
    this.finish(end)
  }
}
