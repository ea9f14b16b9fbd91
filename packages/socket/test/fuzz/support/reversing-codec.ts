import { ExtensionChain, type MessageCodec, ProtocolError } from '@wigwag/socket/core'

/** An extension that costs nothing, so that the frames around it are what is fuzzed: the bytes come in reverse order. */
const reversingCodec: MessageCodec = {
  encode: () => undefined,
  decode(payload, maxBytes) {
    if (payload[0] === 0xff) return new ProtocolError('ERR_MESSAGE_COMPRESSION', 'It does not inflate.', 1007)
    if (payload[0] === 0xfe) throw new Error('It fails.')
    // As an extension may: a view of what it was given.
    if (payload[0] === 0) return payload
    return payload.length > maxBytes
      ? new ProtocolError('ERR_MESSAGE_TOO_LARGE', 'It is too large.', 1009)
      : payload.slice().reverse()
  },
}

/** That extension, negotiated for RSV1. */
export function reversingChain(): ExtensionChain {
  return new ExtensionChain([{ reservedBit: 4, codec: reversingCodec }])
}

/** What comes of a message that it does not refuse. */
export function reversed(payload: Uint8Array): Uint8Array {
  return payload[0] === 0 ? payload : payload.slice().reverse()
}
