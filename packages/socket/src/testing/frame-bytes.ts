import { portableBytes } from '../core/index.ts'

/** A frame as a test wants it on the wire, right or wrong. */
export interface FrameSpec {
  readonly opcode: number
  readonly payload?: Uint8Array | string
  /** Default `true`. */
  readonly fin?: boolean
  /** RSV1, RSV2, RSV3 as three bits (4, 2, 1). Default 0. */
  readonly rsv?: number
  /** Four bytes: the frame is masked with them. */
  readonly mask?: readonly [number, number, number, number]
  /** How the length is written. Default: the shortest form. */
  readonly lengthForm?: 7 | 16 | 64
  /** The length that the header claims, when it is not the payload's. */
  readonly claimedLength?: bigint
}

/** The masking-key that tests use when it does not matter which: no two bytes alike. */
export const TEST_MASK: readonly [number, number, number, number] = [0x37, 0xfa, 0x21, 0x3d]

/** Builds the bytes of a frame straight from RFC 6455 §5.2, sharing nothing with the code under test. */
export function frameBytes(spec: FrameSpec): Uint8Array {
  const payload = typeof spec.payload === 'string' ? textBytes(spec.payload) : (spec.payload ?? new Uint8Array(0))
  const length = spec.claimedLength ?? BigInt(payload.length)
  const form = spec.lengthForm ?? (length <= 125n ? 7 : length <= 0xffffn ? 16 : 64)
  const bytes: number[] = [((spec.fin ?? true) ? 0x80 : 0) | ((spec.rsv ?? 0) << 4) | spec.opcode]
  const maskBit = spec.mask === undefined ? 0 : 0x80
  bytes.push(maskBit | (form === 7 ? Number(length) : form === 16 ? 126 : 127))
  for (let shift = form === 7 ? -8 : form - 8; shift >= 0; shift -= 8)
    bytes.push(Number((length >> BigInt(shift)) & 0xffn))
  const { mask } = spec
  if (mask !== undefined) bytes.push(...mask)
  const frame = new Uint8Array(bytes.length + payload.length)
  frame.set(bytes)
  for (let i = 0; i < payload.length; i++) {
    frame[bytes.length + i] = (payload[i] as number) ^ (mask === undefined ? 0 : (mask[i & 3] as number))
  }
  return frame
}

/** UTF-8 of a text. */
export function textBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(portableBytes.textByteLength(text))
  portableBytes.encodeText(text, bytes, 0)
  return bytes
}

/** The payload of a Close frame, without any check of the code. */
export function closePayload(code: number, reason = ''): Uint8Array {
  const text = textBytes(reason)
  const payload = new Uint8Array(2 + text.length)
  payload[0] = code >> 8
  payload[1] = code & 0xff
  payload.set(text, 2)
  return payload
}

/** One chunk of several. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

/** A frame read back from the wire. */
export interface ReadFrame {
  readonly opcode: number
  readonly fin: boolean
  readonly rsv: number
  readonly masked: boolean
  readonly payload: Uint8Array
}

/** Reads whole frames back from bytes, without any rule but the layout of RFC 6455 §5.2. Throws when bytes are left over. */
export function readFrames(bytes: Uint8Array): ReadFrame[] {
  const frames: ReadFrame[] = []
  let at = 0
  const next = (count: number): Uint8Array => {
    if (at + count > bytes.length) throw new RangeError(`The bytes end inside a frame (at ${at} of ${bytes.length}).`)
    at += count
    return bytes.slice(at - count, at)
  }
  while (at < bytes.length) {
    const [first = 0, second = 0] = next(2)
    const short = second & 0x7f
    const extended = short === 126 ? next(2) : short === 127 ? next(8) : Uint8Array.of(short)
    const length = extended.reduce((sum, byte) => sum * 256 + byte, 0)
    const masked = (second & 0x80) !== 0
    const mask = masked ? next(4) : Uint8Array.of(0, 0, 0, 0)
    const payload = next(length).map((byte, i) => byte ^ (mask[i & 3] as number))
    frames.push({ opcode: first & 0x0f, fin: first >= 0x80, rsv: (first >> 4) & 7, masked, payload })
  }
  return frames
}
