import type { BytePort } from '../../bytes/byte-port.ts'
import type { ProtocolError } from '../../error/wigwag-error.ts'
import type { FrameWriter } from '../../frame/frame-writer.ts'
import type { EncodedFrame, PreparedMessage } from '../../frame/prepared-message.ts'
import type { MessageCodec } from '../message-extension.ts'
import { CohortEncoding } from './cohort-encoding.ts'
import { type CompressorRules, compressMessage } from './compressor.ts'
import type { DeflatePort } from './deflate-port.ts'
import { type InflateRules, inflateMessage } from './inflate-message.ts'
import type { SharedText } from './shared-text.ts'
import { advanceWindow, EMPTY_WINDOW, endOf, slideWindow } from './sliding-window.ts'

/** What was negotiated for both directions; shared by all connections with the same parameters. */
export interface DeflateAgreement {
  readonly port: DeflatePort
  readonly thresholdBytes: number
  /** The same object for all connections that compress alike: prepared messages are compressed for all of them. */
  readonly outbound: CompressorRules
  readonly inbound: InflateRules & { readonly contextTakeover: boolean }
}

/** Where a frame goes that was encoded for another connection. */
export interface FrameTaker {
  /** Takes it, or returns `false` when there is something to decide first. */
  takeFrame(frame: EncodedFrame): boolean
}

/**
 * permessage-deflate on one connection (RFC 7692 §7.2). No compressor is kept: a stream with context takeover equals a
 * one-shot call whose dictionary is the window of plain text before it, so that window is all that stays, and nothing
 * without takeover. What the peer was sent last is either our own or the end of a text that others know as well.
 */
export class DeflateCodec implements MessageCodec {
  readonly #agreement: DeflateAgreement
  /** What the peer was sent last, when that is shared with nobody. */
  #own: Uint8Array = EMPTY_WINDOW
  /** Otherwise: of this text the last `#known` bytes. */
  #text: SharedText | undefined
  #known = 0
  /** Bytes sent to this peer alone, without compression, that prepared messages have not outweighed yet. */
  #spared = 0
  #received: Uint8Array = EMPTY_WINDOW

  constructor(agreement: DeflateAgreement) {
    this.#agreement = agreement
  }

  encode(payload: Uint8Array, compress: boolean | undefined): Uint8Array | undefined {
    const { port, outbound } = this.#agreement
    if (!this.#wants(payload.length, compress) || (compress === undefined && this.#spares(payload.length))) {
      return undefined
    }
    const window = this.#text === undefined ? this.#own : endOf(this.#text.bytes, this.#known)
    const compressed = compressMessage(port, payload, window, outbound)
    // What does not get smaller goes as it is. It does not enter the window, so neither end notices that we tried.
    if (compressed.length >= payload.length && payload.length > 0) return undefined
    // An empty message moves nothing; and what is shared must never become our own to change.
    if (outbound.contextTakeover && payload.length > 0) {
      const move = this.#text === undefined ? advanceWindow : slideWindow
      this.#own = move(window, payload, 2 ** outbound.windowBits)
      this.#text = undefined
      this.#known = 0
    }
    return compressed
  }

  decode(payload: Uint8Array, maxBytes: number): Uint8Array | ProtocolError {
    const { port, inbound } = this.#agreement
    const inflated = inflateMessage(port, payload, this.#received, inbound, maxBytes)
    if (inbound.contextTakeover && inflated instanceof Uint8Array) {
      this.#received = advanceWindow(this.#received, inflated, 2 ** inbound.windowBits)
    }
    return inflated
  }

  /**
   * Gives `taker` the frame of `message`, if another connection with the same window was sent it before. Returns whether
   * that was so and it was taken.
   */
  takePrepared(message: PreparedMessage, taker: FrameTaker): boolean {
    const encoding = this.#encodingOf(message)
    const frame = encoding?.readyFrame(this.#text, this.#known)
    if (encoding === undefined || frame === undefined || !taker.takeFrame(frame)) return false
    this.#move(encoding)
    return true
  }

  /**
   * The frame of `message` for this connection, encoded now if need be; whoever asks sends it. None when `compress` wants
   * this message otherwise than all others have it. Throws what the port throws.
   */
  preparedFrame(
    message: PreparedMessage,
    compress: boolean | undefined,
    bytes: BytePort,
    writer: FrameWriter,
  ): EncodedFrame | undefined {
    const encoding = this.#encodingOf(message) ?? this.#newEncoding(message, bytes, writer)
    if (compress !== undefined && compress !== encoding.compresses) return undefined
    const frame = encoding.frame(this.#text, this.#known, writer)
    this.#move(encoding)
    return frame
  }

  /** The frame that `encoding` gave last is on its way. */
  #move(encoding: CohortEncoding): void {
    const text = encoding.textBehind
    if (text === undefined) return
    this.#known = encoding.moveFrom(this.#text, this.#known)
    if (this.#text === undefined) this.#own = EMPTY_WINDOW
    this.#text = text
    if (this.#spared > 0) this.#spared = Math.max(0, this.#spared - encoding.plainBytes)
  }

  /** Whether to compress; `compress` is the sender's wish, if it has one. */
  #wants(payloadBytes: number, compress: boolean | undefined): boolean {
    return compress ?? payloadBytes >= this.#agreement.thresholdBytes
  }

  /**
   * Whether a message for this peer alone goes as it is, so that the peer stays in its cohort: outside of it the next window
   * full of prepared messages would be compressed on their own. When as much was sent to it alone, that is paid for.
   */
  #spares(payloadBytes: number): boolean {
    if (this.#text === undefined) return false
    const spared = this.#spared + payloadBytes
    const isSpared = spared < 2 ** this.#agreement.outbound.windowBits
    this.#spared = isSpared ? spared : 0
    return isSpared
  }

  #encodingOf(message: PreparedMessage): CohortEncoding | undefined {
    const { outbound } = this.#agreement
    let encoding = message.encodings
    while (encoding !== undefined && encoding.owner !== outbound) encoding = encoding.next
    // An owner has encodings of one kind.
    return encoding as CohortEncoding | undefined
  }

  #newEncoding(message: PreparedMessage, bytes: BytePort, writer: FrameWriter): CohortEncoding {
    const { outbound, port } = this.#agreement
    const { data, compress } = message
    const size = typeof data === 'string' ? bytes.textByteLength(data) : data.length
    const payload = this.#wants(size, compress) ? toBytes(data, size, bytes) : undefined
    const encoding = new CohortEncoding(outbound, port, message, payload, writer)
    message.encodings = encoding
    return encoding
  }
}

function toBytes(data: string | Uint8Array, size: number, bytes: BytePort): Uint8Array {
  if (typeof data !== 'string') return data
  const target = bytes.allocate(size)
  bytes.encodeText(data, target, 0)
  return target
}
