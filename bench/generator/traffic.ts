import type { MessageCell, MessageFormat } from '../cell.ts'
import type { Protocol } from './load-spec.ts'

const MAX_PERIOD = 64
const MIN_PERIOD = 4
const PERIOD_BYTES = 4 * 1024 * 1024
const FIN = 0x80
const MASKED = 0x80
const LETTERS = {
  text: 'abcdefghijklmnopqrstuvwxyz 0123456789',
  'non-ascii': 'абвгдежзийклмнопрстуфхцчшщъыьэюя',
} as const

/** Most bytes that one read may bring. */
export const MAX_CHUNK_BYTES = 256 * 1024

// RFC 6455 §5.2.
const OPCODES: Readonly<Record<MessageFormat, number>> = { text: 1, 'non-ascii': 1, binary: 2 }

/**
 * The messages of a run, built once: up to 64 differing payloads of one size, over and over. Message `n` has payload
 * `n % period`, so a reply that is swapped, doubled, left out or meant for another connection differs from what is
 * expected.
 */
export interface Traffic {
  readonly period: number
  readonly opcode: number
  readonly payloads: readonly Buffer[]
  /** Masked frames, each with its own masking-key; long enough for `depth` frames from any place in the period. */
  readonly requests: Buffer
  readonly requestBytes: number
  /** The bytes that a server should send for them; long enough for one chunk from any place in the period. */
  readonly replies: Buffer
  readonly replyBytes: number
  /** Whether other bytes than `replies` can be right: a server may frame a message in more than one way. */
  readonly replyFraming: 'any' | 'exact'
}

/** Builds the frames of a run. `payloadBytes` is at least 8. */
export function buildTraffic(cell: MessageCell, protocol: Protocol): Traffic {
  const { payloadBytes, depth } = cell
  const format = cell.format === 'json' ? 'text' : cell.format
  const opcode = OPCODES[format]
  // Large messages have fewer payloads: all of them together stay in a few MiB.
  const period = Math.max(MIN_PERIOD, Math.min(MAX_PERIOD, Math.floor(PERIOD_BYTES / payloadBytes)))
  const payloads = Array.from({ length: period }, (_, n) => buildPayload(n, payloadBytes, format))
  const requests = payloads.map((payload, n) => maskedFrame(opcode, payload, n))
  const replies =
    protocol === 'bytes'
      ? requests
      : payloads.map((payload) => Buffer.concat([frameHeader(opcode, payload.length, 0), payload]))
  const replyBytes = replies[0]?.length ?? 0
  return {
    period,
    opcode,
    payloads,
    requests: repeat(requests, period + depth),
    requestBytes: requests[0]?.length ?? 0,
    replies: repeat(replies, period + Math.ceil(MAX_CHUNK_BYTES / replyBytes)),
    replyBytes,
    replyFraming: protocol === 'bytes' ? 'exact' : 'any',
  }
}

function repeat(frames: readonly Buffer[], count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, n) => frames[n % frames.length] as Buffer))
}

function buildPayload(n: number, payloadBytes: number, format: MessageFormat): Buffer {
  const payload = Buffer.alloc(payloadBytes, '.')
  if (format === 'binary') {
    // Every value occurs, so the bytes are not UTF-8: a server that takes them for text is found out.
    for (let i = 0; i < payloadBytes; i++) payload[i] = (n * 89 + i * 151 + (i >> 8)) & 0xff
    return payload
  }
  const letters = LETTERS[format]
  const filler = letters.slice(n % letters.length) + letters
  // Cuts at a character's end; what is left stays dots.
  payload.write(`#${n} ${filler.repeat(Math.ceil(payloadBytes / filler.length))}`, 'utf8')
  return payload
}

/** A frame header with FIN; `masked` is 0x80 when a masking-key follows. */
export function frameHeader(opcode: number, payloadBytes: number, masked: number): Buffer {
  if (payloadBytes < 126) return Buffer.from([FIN | opcode, masked | payloadBytes])
  const header = Buffer.alloc(payloadBytes < 65_536 ? 4 : 10)
  header[0] = FIN | opcode
  header[1] = masked | (payloadBytes < 65_536 ? 126 : 127)
  if (payloadBytes < 65_536) header.writeUInt16BE(payloadBytes, 2)
  else header.writeBigUInt64BE(BigInt(payloadBytes), 2)
  return header
}

/** A whole frame as a client sends it; `opcode` may have reserved bits with it. The masking-key goes with `n`. */
export function maskedFrame(opcode: number, payload: Buffer, n: number): Buffer {
  const maskingKey = Buffer.alloc(4)
  maskingKey.writeUInt32BE(Math.imul(n + 1, 0x9e3779b1) >>> 0)
  const masked = Buffer.from(payload)
  for (let i = 0; i < masked.length; i++) masked[i] = (masked[i] as number) ^ (maskingKey[i & 3] as number)
  return Buffer.concat([frameHeader(opcode, payload.length, MASKED), maskingKey, masked])
}
