import { CloseCode } from '../error/close-code.ts'
import { ProtocolError } from '../error/wigwag-error.ts'
import { decodedTooLarge } from './decoded-too-large.ts'
import { DeflateCodec } from './deflate/deflate-codec.ts'
import type { MessageCodec, ReservedBit } from './message-extension.ts'

/** One negotiated extension of a connection. */
export interface ChainLink {
  readonly reservedBit: ReservedBit
  readonly codec: MessageCodec
}

/**
 * Most bytes that an encoded message of at most `maxBytes` may take. Data that does not compress grows: by five bytes
 * for each stored block, and a sender with little memory makes blocks of a few hundred bytes.
 */
export function maxEncodedBytes(maxBytes: number): number {
  return maxBytes + Math.ceil(maxBytes / 16) + 64
}

/**
 * The extensions of one connection in the order in which the server answered them: what is sent goes through the first
 * one first, what comes through the last one first (RFC 6455 §9.1).
 */
export class ExtensionChain {
  readonly #links: readonly ChainLink[]
  /** The reserved bits that have a meaning. */
  readonly reservedBits: number
  /** Set when compression is all there is: it encodes a prepared message once for many connections. */
  readonly deflate: DeflateCodec | undefined
  /** Whether every message is changed, marked or not. */
  readonly #changesAll: boolean
  /** The reserved bits of the message encoded last. A field instead of a result, so that nothing is allocated for it. */
  encodedBits = 0

  constructor(links: readonly ChainLink[]) {
    this.#links = links
    this.reservedBits = links.reduce((bits, { reservedBit }) => bits | reservedBit, 0)
    const [first] = links
    this.deflate = links.length === 1 && first?.codec instanceof DeflateCodec ? first.codec : undefined
    this.#changesAll = links.some(({ reservedBit }) => reservedBit === 0)
  }

  /** Whether a message whose first frame has `reservedBits` must be decoded. */
  decodes(reservedBits: number): boolean {
    return reservedBits !== 0 || this.#changesAll
  }

  /**
   * What goes on the wire for `payload`; `encodedBits` are its reserved bits. Throws what a codec throws, and
   * `TypeError` for what it must not return.
   */
  encode(payload: Uint8Array, compress: boolean | undefined): Uint8Array {
    let encoded = payload
    this.encodedBits = 0
    for (const { codec, reservedBit } of this.#links) {
      const changed = codec.encode(encoded, compress)
      if (changed === undefined && reservedBit !== 0) continue
      // Without a bit nobody could tell that it was left as it is.
      if (!(changed instanceof Uint8Array)) throw new TypeError(`encode returned ${String(changed)}, which is no bytes`)
      encoded = changed
      this.encodedBits |= reservedBit
    }
    return encoded
  }

  /** The message behind what came, or what is wrong with it. Never throws. */
  decode(payload: Uint8Array, reservedBits: number, maxBytes: number): Uint8Array | ProtocolError {
    let decoded = payload
    for (let index = this.#links.length - 1; index >= 0; index--) {
      const { codec, reservedBit } = this.#links[index] as ChainLink
      if (reservedBit !== 0 && (reservedBits & reservedBit) === 0) continue
      const limit = index === 0 ? maxBytes : maxEncodedBytes(maxBytes)
      const result = decodeSafely(codec, decoded, limit)
      if (result instanceof ProtocolError) {
        // Between two of them there is a limit of our own, which the peer need not hear of.
        return result.code === 'ERR_MESSAGE_TOO_LARGE' && limit !== maxBytes ? decodedTooLarge(maxBytes) : result
      }
      decoded = result
    }
    return decoded.length <= maxBytes ? decoded : decodedTooLarge(maxBytes)
  }
}

function decodeSafely(codec: MessageCodec, payload: Uint8Array, maxBytes: number): Uint8Array | ProtocolError {
  try {
    const decoded = codec.decode(payload, maxBytes)
    if (decoded instanceof Uint8Array || decoded instanceof ProtocolError) return decoded
    throw new TypeError(`decode returned ${String(decoded)}, which is neither bytes nor a ProtocolError`)
  } catch (error) {
    return new ProtocolError(
      'ERR_EXTENSION',
      `An extension failed on a message that came: ${error instanceof Error ? error.message : String(error)}.`,
      CloseCode.internalError,
    )
  }
}
