import { randomBytes } from 'node:crypto'

/** A frame of a server, and where it ends. */
export interface ServerFrame {
  readonly opcode: number
  readonly isFinal: boolean
  readonly payload: Buffer
  readonly length: number
}

/** One frame as a client sends it (RFC 6455 §5.2), final and masked. */
export function clientFrame(opcode: number, payload: Uint8Array | string): Buffer {
  const content = Buffer.from(payload)
  const key = randomBytes(4)
  const masked = content.map((byte, i) => byte ^ (key[i % 4] as number))
  const { length } = content
  const size = length < 126 ? [0x80 | length] : [0x80 | (length < 65_536 ? 126 : 127)]
  const extended = Buffer.alloc(length < 126 ? 0 : length < 65_536 ? 2 : 8)
  if (extended.length === 2) extended.writeUInt16BE(length)
  if (extended.length === 8) extended.writeBigUInt64BE(BigInt(length))
  return Buffer.concat([Buffer.from([0x80 | opcode, ...size]), extended, key, masked])
}

/** The frame that bytes begin with; nothing while it is not whole. Throws for what no server may send without extensions. */
export function readServerFrame(bytes: Buffer): ServerFrame | undefined {
  const [first, second] = bytes
  if (first === undefined || second === undefined) return undefined
  if ((first & 0x70) !== 0 || (second & 0x80) !== 0)
    throw new Error(`A server sent the frame ${bytes.toString('hex', 0, 2)}.`)
  const short = second & 0x7f
  const start = short === 126 ? 4 : short === 127 ? 10 : 2
  if (bytes.length < start) return undefined
  const size = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short
  const length = start + size
  if (bytes.length < length) return undefined
  return { opcode: first & 0x0f, isFinal: (first & 0x80) !== 0, payload: bytes.subarray(start, length), length }
}
