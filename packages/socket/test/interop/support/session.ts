import { readFileSync } from 'node:fs'
import { digest } from '../../node/support/digest.ts'

/** One message or ping of a traffic file: a line of JSON, so that programs in any language can read it. */
export interface TrafficItem {
  readonly type: 'text' | 'binary' | 'ping'
  /** The bytes in base64; of text its UTF-8. */
  readonly data: string
  /** Sizes of the fragments that it is sent in, by those who can; they may split a character. */
  readonly fragments?: readonly number[]
}

/** What the side at hand wants of permessage-deflate (RFC 7692 §7.1), as far as its program lets it choose. */
export interface Compression {
  readonly serverNoContextTakeover?: boolean
  readonly clientNoContextTakeover?: boolean
  readonly serverMaxWindowBits?: number
  readonly clientMaxWindowBits?: number
}

/** What one side does on one connection. */
export interface SessionSpec {
  /** Sends this traffic file as soon as it is open; nothing: sends every message back that comes. */
  readonly sends: string | null
  /** How many messages come from the other side. */
  readonly expects: number
  /** Closes the connection when all was sent, received and answered; nothing: the other side does. */
  readonly close: { readonly code?: number; readonly reason?: string } | null
  readonly subprotocols: readonly string[]
  /** Nothing: does not compress. */
  readonly compression: Compression | null
  readonly maxMessageBytes: number
  /** Files with a certificate and its key: a server speaks TLS with them, a client trusts the certificate. */
  readonly tls: { readonly cert: string; readonly key: string } | null
}

/** What one side saw of one connection. */
export interface Report {
  readonly protocol: string
  /** What it says of the extensions that were negotiated; nothing where it says nothing. */
  readonly extensions: string | null
  /** A digest of each message that came. */
  readonly received: readonly string[]
  /** Whether it can send pings, and so has. */
  readonly sendsPings: boolean
  /** Payloads in base64; nothing where the program does not tell. */
  readonly pings: readonly string[] | null
  readonly pongs: readonly string[] | null
  readonly close: { readonly code: number; readonly reason: string; readonly clean: boolean | null }
}

/** What a program can do with an open connection. */
export interface Wire {
  readonly protocol: string
  readonly extensions: string | null
  text(data: string, fragments: readonly Uint8Array[]): void
  binary(data: Uint8Array, fragments: readonly Uint8Array[]): void
  /** Nothing where its API has no pings. */
  readonly ping?: ((payload: Uint8Array) => void) | undefined
  close(code?: number, reason?: string): void
}

/** How many messages are sent before what has come is looked at, so that both directions mix. */
const BATCH = 4

/** One side of one connection: sends its traffic, keeps what comes, and knows when all is done. */
export class Session {
  readonly #spec: SessionSpec
  readonly #items: readonly TrafficItem[]
  readonly #received: string[] = []
  readonly #pings: string[] = []
  readonly #pongs: string[] = []
  readonly #tellsControls: boolean
  #wire: Wire | undefined
  #lastPing: string | undefined
  #hasSentAll = false
  #hasClosed = false
  #resolve: (report: Report) => void = () => {}
  #reject: (error: Error) => void = () => {}
  /** What it saw, when the connection has ended. */
  readonly report: Promise<Report> = new Promise((resolve, reject) => {
    this.#resolve = resolve
    this.#reject = reject
  })

  /** `tellsControls`: whether the program tells of pings and pongs. */
  constructor(spec: SessionSpec, tellsControls = true) {
    this.#spec = spec
    this.#items = spec.sends === null ? [] : readTraffic(spec.sends)
    this.#tellsControls = tellsControls
    this.report.catch(() => {})
  }

  open(wire: Wire): void {
    this.#wire = wire
    void this.#sendAll(wire).catch((error: Error) => this.fail(error))
  }

  message(data: string | Uint8Array): void {
    this.#received.push(digest(data))
    if (this.#spec.sends === null) {
      if (typeof data === 'string') this.#wire?.text(data, [])
      else this.#wire?.binary(data, [])
    }
    this.#closeWhenDone()
  }

  ping(payload: Uint8Array): void {
    this.#pings.push(Buffer.from(payload).toString('base64'))
  }

  pong(payload: Uint8Array): void {
    this.#pongs.push(Buffer.from(payload).toString('base64'))
    this.#closeWhenDone()
  }

  closed(code: number, reason: string, clean: boolean | null = null): void {
    this.#hasClosed = true
    const { protocol, extensions } = this.#wire ?? { protocol: '', extensions: null }
    const controls = this.#tellsControls ? { pings: this.#pings, pongs: this.#pongs } : { pings: null, pongs: null }
    const sendsPings = this.#wire?.ping !== undefined
    const close = { code, reason, clean }
    this.#resolve({ protocol, extensions, received: this.#received, sendsPings, ...controls, close })
  }

  fail(error: Error): void {
    this.#reject(error)
  }

  async #sendAll(wire: Wire): Promise<void> {
    for (const [index, item] of this.#items.entries()) {
      if (this.#hasClosed) return
      const data = Buffer.from(item.data, 'base64')
      const fragments = splitBytes(data, item.fragments)
      if (item.type === 'text') wire.text(data.toString(), fragments)
      else if (item.type === 'binary') wire.binary(data, fragments)
      else if (wire.ping !== undefined) {
        wire.ping(data)
        if (this.#tellsControls) this.#lastPing = item.data
      }
      if (index % BATCH === BATCH - 1) await new Promise((resolve) => setImmediate(resolve))
    }
    this.#hasSentAll = true
    this.#closeWhenDone()
  }

  #closeWhenDone(): void {
    const { close, expects } = this.#spec
    if (close === null || !this.#hasSentAll || this.#received.length < expects || this.#hasClosed) return
    if (this.#lastPing !== undefined && !this.#pongs.includes(this.#lastPing)) return
    this.#hasClosed = true
    this.#wire?.close(close.code, close.reason)
  }
}

function readTraffic(file: string): TrafficItem[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as TrafficItem)
}

function splitBytes(data: Uint8Array, sizes: readonly number[] = []): Uint8Array[] {
  let at = 0
  return sizes.map((size) => {
    at += size
    return data.subarray(at - size, at)
  })
}
