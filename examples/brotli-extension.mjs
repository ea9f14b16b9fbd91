// @ts-check
import { brotliCompressSync, brotliDecompressSync, constants as zlib } from 'node:zlib'
import { CloseCode, ProtocolError } from '@wigwag/socket'

/**
 * @import { AcceptedExtension, ExtensionParameters, MessageCodec, MessageExtension } from '@wigwag/socket'
 */

/** Smaller messages hardly get smaller. */
const THRESHOLD_BYTES = 128

/**
 * Each message by itself, compressed with Brotli. It has one parameter, `quality=0` to `quality=11`: the most effort
 * that the other end shall make. A server may answer with less, never with more.
 *
 * @implements {MessageExtension}
 */
export class BrotliExtension {
  name = 'x-permessage-brotli'

  /** RSV1, as permessage-deflate has it: so of the two no more than one is in use, the one that the client offers first. */
  reservedBit = /** @type {const} */ (4)

  #quality

  constructor(quality = 5) {
    this.#quality = quality
  }

  /** @returns {ExtensionParameters[]} */
  offer() {
    return [[['quality', String(this.#quality)]]]
  }

  /**
   * @param {ExtensionParameters} offered
   * @returns {AcceptedExtension | undefined}
   */
  accept(offered) {
    const limit = parseQuality(offered)
    if (limit === undefined) return undefined
    const quality = Math.min(limit, this.#quality)
    return { parameters: [['quality', String(quality)]], codec: new BrotliCodec(quality) }
  }

  /**
   * @param {ExtensionParameters} answered
   * @returns {MessageCodec | { fault: string }}
   */
  confirm(answered) {
    const quality = parseQuality(answered)
    if (quality === undefined || quality > this.#quality) {
      return { fault: `the quality must be a number up to ${this.#quality}, as was offered` }
    }
    return new BrotliCodec(quality)
  }
}

/**
 * What comes here was written by the peer: it may be unknown, repeated or out of range.
 *
 * @param {ExtensionParameters} parameters
 */
function parseQuality(parameters) {
  const [[name, value = ''] = ['quality', '11'], ...others] = parameters
  return others.length === 0 && name === 'quality' && /^(?:\d|10|11)$/.test(value) ? Number(value) : undefined
}

/** @implements {MessageCodec} */
class BrotliCodec {
  #quality

  /** @param {number} quality */
  constructor(quality) {
    this.#quality = quality
  }

  /**
   * @param {Uint8Array} payload
   * @param {boolean | undefined} compress
   */
  encode(payload, compress) {
    if (!(compress ?? payload.length >= THRESHOLD_BYTES)) return undefined
    const params = { [zlib.BROTLI_PARAM_QUALITY]: this.#quality, [zlib.BROTLI_PARAM_SIZE_HINT]: payload.length }
    const compressed = brotliCompressSync(payload, { params })
    // What does not get smaller goes as it is, without the reserved bit.
    return compressed.length < payload.length ? compressed : undefined
  }

  /**
   * @param {Uint8Array} payload
   * @param {number} maxBytes
   */
  decode(payload, maxBytes) {
    try {
      // The limit is what keeps a few bytes from becoming gigabytes. Node takes none of 0.
      return brotliDecompressSync(payload, { maxOutputLength: Math.max(maxBytes, 1) })
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ERR_BUFFER_TOO_LARGE') {
        const what = `Received a message that decompresses to more than ${maxBytes} bytes (maxMessageBytes).`
        return new ProtocolError('ERR_MESSAGE_TOO_LARGE', what, CloseCode.messageTooBig)
      }
      const what = 'Received a compressed message that is no Brotli.'
      return new ProtocolError('ERR_MESSAGE_COMPRESSION', what, CloseCode.invalidPayload)
    }
  }
}
