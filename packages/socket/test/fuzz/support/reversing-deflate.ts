import { type DeflatePort, ProtocolError } from '@wigwag/socket/core'

/** A compression that costs nothing, so that the frames around it are what is fuzzed: the bytes come in reverse order. */
export class ReversingDeflate implements DeflatePort {
  inflate(payload: Uint8Array, maxBytes: number): Uint8Array | ProtocolError {
    if (payload.length > maxBytes) return new ProtocolError('ERR_MESSAGE_TOO_LARGE', 'It is too large.', 1009)
    if (payload[0] === 0xff) return new ProtocolError('ERR_MESSAGE_COMPRESSION', 'It does not inflate.', 1007)
    return payload.slice().reverse()
  }

  deflate(): undefined {
    return undefined
  }
}
