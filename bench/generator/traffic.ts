const PERIOD = 64
const TEXT_FRAME = 0x81
const MASKED = 0x80

/** Most bytes that one read may bring. */
export const MAX_CHUNK_BYTES = 256 * 1024

/**
 * The messages of a run, built once: 64 differing texts of one size, over and over. Message `n` has payload `n % 64`,
 * so a reply that is swapped, doubled, left out or meant for another connection differs from what is expected.
 */
export interface Traffic {
  readonly period: number
  readonly payloads: readonly Buffer[]
  /** Masked frames, each with its own masking-key; long enough for `depth` frames from any place in the period. */
  readonly requests: Buffer
  readonly requestBytes: number
  /** The same messages as a server should frame them; long enough for one chunk from any place in the period. */
  readonly replies: Buffer
  readonly replyBytes: number
}

/** Builds the frames of a run. `payloadBytes` is at least 8 and at most 65535. */
export function buildTraffic(payloadBytes: number, depth: number): Traffic {
  const payloads = Array.from({ length: PERIOD }, (_, n) => buildPayload(n, payloadBytes))
  const replies = payloads.map((payload) => Buffer.concat([frameHeader(payload.length, 0), payload]))
  const requests = payloads.map((payload, n) => maskedFrame(payload, n))
  const replyBytes = replies[0]?.length ?? 0
  return {
    period: PERIOD,
    payloads,
    requests: repeat(requests, PERIOD + depth),
    requestBytes: requests[0]?.length ?? 0,
    replies: repeat(replies, PERIOD + Math.ceil(MAX_CHUNK_BYTES / replyBytes)),
    replyBytes,
  }
}

function repeat(frames: readonly Buffer[], count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, n) => frames[n % frames.length] as Buffer))
}

function buildPayload(n: number, payloadBytes: number): Buffer {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz 0123456789'
  const filler = alphabet.slice(n % alphabet.length) + alphabet
  return Buffer.from(`#${n} ${filler.repeat(Math.ceil(payloadBytes / filler.length))}`.slice(0, payloadBytes))
}

function frameHeader(payloadBytes: number, masked: number): Buffer {
  return payloadBytes < 126
    ? Buffer.from([TEXT_FRAME, masked | payloadBytes])
    : Buffer.from([TEXT_FRAME, masked | 126, payloadBytes >> 8, payloadBytes & 0xff])
}

function maskedFrame(payload: Buffer, n: number): Buffer {
  const maskingKey = Buffer.alloc(4)
  maskingKey.writeUInt32BE(Math.imul(n + 1, 0x9e3779b1) >>> 0)
  const masked = payload.map((byte, i) => byte ^ (maskingKey[i & 3] as number))
  return Buffer.concat([frameHeader(payload.length, MASKED), maskingKey, masked])
}
