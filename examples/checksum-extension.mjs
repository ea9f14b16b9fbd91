// @ts-check
import { crc32 } from 'node:zlib'
import { CloseCode, ProtocolError } from '@wigwag/socket'

/**
 * @import { AcceptedExtension, ExtensionParameters, MessageCodec, MessageExtension } from '@wigwag/socket'
 */

const CHECKSUM_BYTES = 4

/**
 * Behind each message its CRC-32, which is looked at when it comes: for memory and proxies that are not to be trusted.
 * It has a reserved bit of its own, so it is in use beside an extension that compresses. It remembers nothing, so one
 * codec serves all connections.
 *
 * @implements {MessageExtension}
 * @implements {MessageCodec}
 */
export class ChecksumExtension {
  name = 'x-checksum'

  /** RSV2. */
  reservedBit = /** @type {const} */ (2)

  /** @returns {ExtensionParameters[]} */
  offer() {
    return [[]]
  }

  /**
   * @param {ExtensionParameters} offered
   * @returns {AcceptedExtension | undefined}
   */
  accept(offered) {
    return offered.length === 0 ? { parameters: [], codec: this } : undefined
  }

  /**
   * @param {ExtensionParameters} answered
   * @returns {MessageCodec | { fault: string }}
   */
  confirm(answered) {
    return answered.length === 0 ? this : { fault: 'it has parameters, and none are known' }
  }

  /** @param {Uint8Array} payload */
  encode(payload) {
    const marked = Buffer.allocUnsafe(payload.length + CHECKSUM_BYTES)
    marked.set(payload)
    marked.writeUInt32BE(crc32(payload), payload.length)
    return marked
  }

  /** @param {Uint8Array} payload */
  decode(payload) {
    const end = payload.length - CHECKSUM_BYTES
    const message = payload.subarray(0, Math.max(end, 0))
    const { buffer, byteOffset, length } = payload
    if (end >= 0 && new DataView(buffer, byteOffset, length).getUint32(end) === crc32(message)) return message
    const what = 'Received a message that is damaged: its checksum is another.'
    return new ProtocolError('ERR_EXTENSION', what, CloseCode.invalidPayload)
  }
}
