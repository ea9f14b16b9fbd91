import { deflateRawSync, inflateRawSync, constants as zlib } from 'node:zlib'
import { type DeflatePort, ProtocolError } from '@wigwag/socket/core'

const TAIL = Uint8Array.of(0x00, 0x00, 0xff, 0xff)

/** permessage-deflate without context takeover (RFC 7692 §7.2), on a real zlib. */
export class TestDeflate implements DeflatePort {
  /** Called once per compressed message that came. */
  inflations = 0
  readonly #smallestBytes: number

  /** Payloads below `smallestBytes` are left as they are. */
  constructor(smallestBytes: number = 0) {
    this.#smallestBytes = smallestBytes
  }

  inflate(payload: Uint8Array, maxBytes: number): Uint8Array | ProtocolError {
    this.inflations++
    try {
      const input = Buffer.concat([payload, TAIL])
      return new Uint8Array(inflateRawSync(input, { finishFlush: zlib.Z_SYNC_FLUSH, maxOutputLength: maxBytes }))
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
        ? new ProtocolError('ERR_MESSAGE_TOO_LARGE', `The message inflates to more than ${maxBytes} bytes.`, 1009)
        : new ProtocolError('ERR_MESSAGE_COMPRESSION', 'The message does not inflate.', 1007)
    }
  }

  deflate(payload: Uint8Array): Uint8Array | undefined {
    return payload.length < this.#smallestBytes ? undefined : compress(payload)
  }
}

/** What a peer puts into a frame with RSV1 (RFC 7692 §7.2.1): a raw deflate stream without its last four bytes. */
export function compress(payload: Uint8Array): Uint8Array {
  return new Uint8Array(deflateRawSync(payload, { finishFlush: zlib.Z_SYNC_FLUSH }).subarray(0, -4))
}
