import { CloseCode } from '../../error/close-code.ts'
import { ProtocolError } from '../../error/wigwag-error.ts'
import { decodedTooLarge } from '../decoded-too-large.ts'
import type { DeflatePort } from './deflate-port.ts'
import { slideWindow } from './sliding-window.ts'

/** What a final block of our own says, with which a message that is whole ends. */
const MARK = Uint8Array.of(0x57, 0x69, 0x67, 0x77)

/** What the sender took away (RFC 7692 §7.2.1), and behind it that block (RFC 1951 §3.2.4). */
const TAIL = Uint8Array.of(0x00, 0x00, 0xff, 0xff, 0x01, MARK.length, 0x00, 0xff - MARK.length, 0xff, ...MARK)

/** How many bytes of the tail are the sender's. */
const TAKEN_BYTES = 4

/** Messages up to this size are put together with the tail in memory that is used again. */
const SCRATCH_BYTES = 16 * 1024
const scratch = new Uint8Array(SCRATCH_BYTES + TAIL.length)

/** What a decoder has negotiated. */
export interface InflateRules {
  readonly windowBits: number
  /** Most final blocks in one message (count). */
  readonly maxFinalBlocks: number
}

/**
 * Decompresses one message (RFC 7692 §7.2.2). A sender may end blocks with BFINAL (§7.2.3.4): the inflater stops there and
 * is called again for what follows, which may still refer to what came before. A message that ends inside a block is
 * malformed, although an inflater would wait for more without a word.
 */
export function inflateMessage(
  port: DeflatePort,
  payload: Uint8Array,
  window: Uint8Array,
  rules: InflateRules,
  maxBytes: number,
): Uint8Array | ProtocolError {
  const input = withTail(payload)
  const parts: Uint8Array[] = []
  let total = 0
  let position = 0
  let dictionary = window
  for (let blocks = 1; ; blocks++) {
    const rest = position === 0 ? input : input.subarray(position)
    const inflated = port.inflate(rest, dictionary, rules.windowBits, maxBytes - total + MARK.length)
    if (inflated === 'malformed') return malformed()
    if (inflated === 'too-large') return decodedTooLarge(maxBytes)
    position += inflated.consumed
    const endsInOurBlock = position === input.length
    const bytes = endsInOurBlock ? withoutMark(inflated.bytes) : inflated.bytes
    if (bytes === undefined) return malformed()
    total += bytes.length
    if (total > maxBytes) return decodedTooLarge(maxBytes)
    parts.push(bytes)
    if (endsInOurBlock || isEndOfFinalBlock(position, payload.length)) break
    if (position > payload.length) return malformed()
    if (blocks > rules.maxFinalBlocks) return tooManyFinalBlocks(rules.maxFinalBlocks)
    dictionary = slideWindow(dictionary, inflated.bytes, 2 ** rules.windowBits)
  }
  return parts.length === 1 ? (parts[0] as Uint8Array) : concatenate(parts, total)
}

/**
 * Where a message may end whose last block was a final one of the sender's: behind the four bytes that it took away, or
 * before them, because some do not care to add an empty block.
 */
function isEndOfFinalBlock(position: number, payloadBytes: number): boolean {
  const behind = position - payloadBytes
  return behind === TAKEN_BYTES || behind === 0
}

/**
 * What came before our own block; nothing when a block of the sender's, cut short, has taken the tail for its own. Who
 * builds a final block that ends with the tail and says the mark gets it past us: as harmless as the same text sent whole.
 */
function withoutMark(bytes: Uint8Array): Uint8Array | undefined {
  const size = bytes.length - MARK.length
  return MARK.every((byte, i) => bytes[size + i] === byte) ? bytes.subarray(0, size) : undefined
}

function withTail(payload: Uint8Array): Uint8Array {
  const size = payload.length + TAIL.length
  const input = size <= scratch.length ? scratch.subarray(0, size) : new Uint8Array(size)
  input.set(payload)
  input.set(TAIL, payload.length)
  return input
}

function concatenate(parts: readonly Uint8Array[], total: number): Uint8Array {
  const whole = new Uint8Array(total)
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

function malformed(): ProtocolError {
  return new ProtocolError(
    'ERR_MESSAGE_COMPRESSION',
    'Received a compressed message that does not decompress: it is damaged, cut short, or refers to more than the negotiated window (RFC 7692 §7.2.2).',
    CloseCode.invalidPayload,
  )
}

function tooManyFinalBlocks(maxFinalBlocks: number): ProtocolError {
  return new ProtocolError(
    'ERR_MESSAGE_COMPRESSION',
    `Received a compressed message with more than ${maxFinalBlocks} final blocks (maxFinalBlocks). ` +
      'Compress messages as one DEFLATE stream.',
    CloseCode.policyViolation,
  )
}
