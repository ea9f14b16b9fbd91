import { deflateRawSync, inflateRawSync, constants as zlib } from 'node:zlib'
import type { ConversationReader, Dialect } from './conversation.ts'
import { DeflateReader } from './deflate-reader.ts'
import type { JsonRing } from './json-ring.ts'
import type { ReplyFaults } from './reply-parser.ts'
import { maskedFrame } from './traffic.ts'

const OPCODE_TEXT = 1
const RSV1 = 0x40
const LARGEST_WINDOW_BYTES = 32 * 1024
const NOTHING = Buffer.alloc(0)
/** The end of every compressed message, which is not sent (RFC 7692 §7.2.1). */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff])

/** All that goes over the wire, for a load generator that does not build it itself. */
export interface DeflateWire {
  /** Masked frames of all requests, `depth` more than there are, one behind the other. */
  readonly requests: Buffer
  /** Where each of them begins, and where the last ends. */
  readonly requestOffsets: readonly number[]
  /** Preludes of connections whose first message is 0, 1 and so on: none where there are no preludes. */
  readonly preludes: readonly Buffer[]
  /** The text of all messages, twice in a row. */
  readonly text: Buffer
  /** How much of the text before a message replies may refer to. */
  readonly windowBytes: number
  readonly historyBytes: number
}

/** What was negotiated. */
export interface DeflateTerms {
  readonly requestTakeover: boolean
  readonly requestWindowBits: number
  readonly replyTakeover: boolean
  /** Bytes of plain text that both sides have had before the first message; 0 for none. */
  readonly historyBytes: number
  /** Most requests that are asked for in one go. */
  readonly depth: number
}

/**
 * Compressed messages, built once. Every connection begins with a prelude: one message of the ring's text just before its
 * first message. From then on the plain text of a window before message `n` is the same on every connection and every
 * time, so what a client with context takeover sends for `n` is, too, and need not be compressed while it is measured.
 */
export class DeflateDialect implements Dialect {
  readonly #ring: JsonRing
  readonly #terms: DeflateTerms
  readonly #requests: Buffer
  /** Where each request begins; `depth` more than there are, for those that are asked for across the end. */
  readonly #offsets: number[] = [0]
  /** Replies that were inflated and found right. */
  readonly #verified = new Map<number, Buffer>()

  constructor(ring: JsonRing, terms: DeflateTerms) {
    this.#ring = ring
    this.#terms = terms
    const frames = Array.from({ length: ring.period }, (_, n) => this.#request(n))
    const all = Array.from({ length: ring.period + terms.depth }, (_, n) => frames[n % ring.period] as Buffer)
    for (const frame of all) this.#offsets.push((this.#offsets.at(-1) as number) + frame.length)
    this.#requests = Buffer.concat(all)
  }

  get period(): number {
    return this.#ring.period
  }

  /** With the preludes of that many connections, each of which begins one message further on. */
  wire(connections: number): DeflateWire {
    const { historyBytes } = this.#terms
    return {
      requests: this.#requests,
      requestOffsets: this.#offsets,
      preludes: Array.from(
        { length: historyBytes === 0 ? 0 : Math.min(connections, this.period) },
        (_, first) => this.prelude(first) as Buffer,
      ),
      text: this.#ring.text,
      windowBytes: this.#refersBack ? LARGEST_WINDOW_BYTES : 0,
      historyBytes,
    }
  }

  prelude(first: number): Buffer | undefined {
    const { historyBytes } = this.#terms
    return historyBytes === 0 ? undefined : this.#frame(this.#ring.before(first, historyBytes), undefined, first)
  }

  requests(from: number, count: number): Buffer {
    const n = from % this.#ring.period
    return this.#requests.subarray(this.#offsets[n], this.#offsets[n + count])
  }

  createReader(first: number, faults: ReplyFaults): ConversationReader {
    return new DeflateReader(this, first, this.#terms.historyBytes > 0, faults)
  }

  /**
   * Whether `chunk[start, end)` is the compressed message `n`: inflated and compared the first time, compared with the bytes
   * that were right then from there on, which mean the same because the window before it is the same.
   */
  isReply(n: number, chunk: Buffer, start: number, end: number): boolean {
    const verified = this.#verified.get(n)
    if (verified !== undefined && chunk.compare(verified, 0, verified.length, start, end) === 0) return true
    const payload = chunk.subarray(start, end)
    if (!this.isReplyBehind(this.windowBefore(n), n, payload)) return false
    this.#verified.set(n, Buffer.from(payload))
    return true
  }

  /** Whether it is the prelude of a connection whose first message is `first`. */
  isPrelude(first: number, payload: Buffer): boolean {
    return this.#inflatesTo(payload, undefined, this.#ring.before(first, this.#terms.historyBytes))
  }

  /** Whether a message that came as it is, is message `n`. */
  isPlainReply(n: number, payload: Buffer): boolean {
    return payload.equals(this.#ring.message(n))
  }

  /** What compressed replies may refer to when everything before message `n` came compressed. */
  windowBefore(n: number): Buffer {
    return this.#refersBack ? this.#ring.before(n, LARGEST_WINDOW_BYTES) : NOTHING
  }

  /** That window behind message `n`, after other messages than all of them. */
  windowBehind(window: Buffer, n: number): Buffer {
    if (!this.#refersBack) return NOTHING
    const whole = Buffer.concat([window, this.#ring.message(n)])
    return whole.subarray(Math.max(0, whole.length - LARGEST_WINDOW_BYTES))
  }

  /** Whether `payload` is message `n`, compressed behind `window`. */
  isReplyBehind(window: Buffer, n: number, payload: Buffer): boolean {
    return this.#inflatesTo(payload, window.length > 0 ? window : undefined, this.#ring.message(n))
  }

  get #refersBack(): boolean {
    return this.#terms.historyBytes > 0 && this.#terms.replyTakeover
  }

  #inflatesTo(payload: Buffer, dictionary: Buffer | undefined, expected: Buffer): boolean {
    const options = dictionary === undefined ? {} : { dictionary }
    try {
      const whole = Buffer.concat([payload, TAIL])
      return inflateRawSync(whole, { finishFlush: zlib.Z_SYNC_FLUSH, ...options }).equals(expected)
    } catch {
      return false
    }
  }

  #request(n: number): Buffer {
    const { requestTakeover, requestWindowBits, historyBytes } = this.#terms
    const hasHistory = requestTakeover && historyBytes > 0
    return this.#frame(this.#ring.message(n), hasHistory ? this.#ring.before(n, 2 ** requestWindowBits) : undefined, n)
  }

  #frame(plain: Buffer, dictionary: Buffer | undefined, n: number): Buffer {
    const options = { windowBits: this.#terms.requestWindowBits, finishFlush: zlib.Z_SYNC_FLUSH }
    const deflated = deflateRawSync(plain, dictionary === undefined ? options : { ...options, dictionary })
    return maskedFrame(RSV1 | OPCODE_TEXT, deflated.subarray(0, -TAIL.length), n)
  }
}
