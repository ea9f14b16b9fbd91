import { writeMaskingKey } from '../bytes/masking.ts'

/** Most bytes a frame header can take: two, eight of extended length, four of masking-key (RFC 6455 §5.2). */
export const MAX_HEADER_BYTES = 14

/** How many bytes the header of a frame takes. */
export function frameHeaderBytes(payloadBytes: number, masked: boolean): number {
  const length = payloadBytes <= 125 ? 2 : payloadBytes <= 0xffff ? 4 : 10
  return masked ? length + 4 : length
}

/** The first byte of a frame: FIN, the reserved bits (RSV1 is 4, RSV2 2, RSV3 1) and the opcode (RFC 6455 §5.2). */
export function firstByte(opcode: number, fin: boolean, reservedBits: number): number {
  return (fin ? 0x80 : 0) | (reservedBits << 4) | opcode
}

/**
 * Writes a frame header at `offset`, with the shortest form of the length, and returns where the payload starts.
 * `maskingKey` is undefined for a server (RFC 6455 §5.1: a server never masks).
 */
export function writeFrameHeader(
  target: Uint8Array,
  offset: number,
  first: number,
  payloadBytes: number,
  maskingKey: number | undefined,
): number {
  const maskBit = maskingKey === undefined ? 0 : 0x80
  let position = offset
  target[position++] = first
  if (payloadBytes <= 125) target[position++] = maskBit | payloadBytes
  else if (payloadBytes <= 0xffff) {
    target[position++] = maskBit | 126
    target[position++] = payloadBytes >>> 8
    target[position++] = payloadBytes
  } else {
    target[position++] = maskBit | 127
    const high = Math.floor(payloadBytes / 0x1_0000_0000)
    for (const word of [high, payloadBytes % 0x1_0000_0000]) {
      target[position++] = word >>> 24
      target[position++] = word >>> 16
      target[position++] = word >>> 8
      target[position++] = word
    }
  }
  if (maskingKey !== undefined) {
    writeMaskingKey(target, position, maskingKey)
    position += 4
  }
  return position
}
