import type { BytePort } from '../bytes/byte-port.ts'
import { readMaskingKey, rotateMaskingKey } from '../bytes/masking.ts'
import type { ProtocolError } from '../error/wigwag-error.ts'
import { firstByte, MAX_HEADER_BYTES } from './frame-header.ts'
import { checkExtendedLength, checkFirstBytes, checkFrameBytes, type FrameRules } from './frame-rules.ts'
import { Opcode } from './opcode.ts'

/** What the frame parser tells, frame by frame. */
export interface FrameConsumer {
  /** A header obeyed the frame rules; `reservedBits` are RSV1 (4), RSV2 (2) and RSV3 (1). Returns the fault that it is for the message, if any. */
  frame(opcode: number, fin: boolean, reservedBits: number, payloadBytes: number): ProtocolError | undefined
  /**
   * The next bytes of the frame's payload, unmasked in place: `chunk[start, end)`. `last` with the frame's last bytes
   * (and once, with none, for an empty payload). `ascii` promises that these bytes are all below 0x80.
   * Returns whether to go on; `false` stops the parser behind these bytes.
   */
  payload(chunk: Uint8Array, start: number, end: number, last: boolean, ascii: boolean): boolean
  /** Whether a message of so many bytes, in one frame without reserved bits, may come now: then it is told by `whole`. */
  takesWhole(payloadBytes: number): boolean
  /** Such a message: `chunk[start, end)`, as with `payload`. */
  whole(opcode: number, chunk: Uint8Array, start: number, end: number, ascii: boolean): boolean
  /** A header broke a rule. The parser has stopped and must not be used again. */
  fault(error: ProtocolError): void
}

const WHOLE_TEXT = firstByte(Opcode.text, true, 0)
const WHOLE_BINARY = firstByte(Opcode.binary, true, 0)
/** What comes before the payload at least, by the role of who reads it: two bytes, and the masking-key of a client. */
const MIN_HEADER_BYTES = { server: 6, client: 2 } as const

/**
 * Turns chunks of any boundaries into frames (RFC 6455 §5.2). Payloads are handed on as ranges of the chunk itself,
 * unmasked in place: nothing is copied but a header that a chunk boundary cuts.
 */
export class FrameParser {
  /** May change between two headers. */
  rules: FrameRules
  readonly #port: BytePort
  readonly #consumer: FrameConsumer
  #step: 'header' | 'payload' = 'header'
  // Only while a chunk boundary cuts a header.
  #cutHeader: Uint8Array | undefined
  #cutBytes = 0
  // The frame whose payload is being read.
  #remaining = 0
  #masked = false
  #key = 0
  /** The length of the payload that `#wholePayload` found. */
  #wholeBytes = 0
  /** Where the chunk that is being read ends. */
  #chunkEnd = 0
  /** Up to here masks have been undone ahead, of whole messages that are still to be told; 0 when of none. */
  #plainEnd = 0
  /** Whether these are all ASCII. */
  #plainAscii = false

  constructor(rules: FrameRules, port: BytePort, consumer: FrameConsumer) {
    this.rules = rules
    this.#port = port
    this.#consumer = consumer
  }

  /** Whether the stream stands between two frames. */
  get betweenFrames(): boolean {
    return this.#step === 'header' && this.#cutBytes === 0
  }

  /**
   * Reads `chunk[start, end)`. Returns the offset of the first byte not consumed: `end`, or less when the consumer
   * said stop or the input was at fault.
   */
  parse(chunk: Uint8Array, start: number, end: number): number {
    let position = start
    this.#chunkEnd = end
    this.#plainEnd = 0
    while (position < end) {
      if (this.#step === 'header') {
        const wholeEnd = this.#whole(chunk, position, end)
        if (wholeEnd > 0) {
          position = wholeEnd
          continue
        }
        if (wholeEnd < 0) return this.#stop(chunk, -wholeEnd)
        // A frame that was ready to be told is not the usual one any more: the rules have changed.
        if (position < this.#plainEnd) this.#stop(chunk, position)
        const next = this.#cutBytes === 0 ? this.#header(chunk, position, end) : this.#cut(chunk, position, end)
        if (next < 0) return position
        position = next
        // Still a header: the chunk ended inside it.
        if (this.#isHeader()) return end
      }
      const take = Math.min(this.#remaining, end - position)
      const last = take === this.#remaining
      if (take === 0 && !last) return end
      const from = position
      position += take
      let ascii = false
      if (this.#masked) {
        ascii = this.#port.xor(chunk, from, position, this.#key)
        if (!last) this.#key = rotateMaskingKey(this.#key, take)
      }
      this.#remaining -= take
      if (last) this.#step = 'header'
      if (!this.#consumer.payload(chunk, from, position, last, ascii)) return this.#stop(chunk, position)
    }
    return position
  }

  /**
   * For a consumer that is being told of a message which ends at `from` in `chunk`: undoes the masks of those that follow, as
   * far as they are whole and end at `limit` or before. They are told afterwards, where they lie. Stops at text when not
   * `withText`. Returns where the last of them ends; `from` when there is none.
   */
  unmaskAhead(chunk: Uint8Array, from: number, limit: number, withText: boolean): number {
    const end = Math.min(limit, this.#chunkEnd)
    let position = from
    let ascii = true
    while (position < end && (withText || chunk[position] === WHOLE_BINARY)) {
      const next = this.#wholePayload(chunk, position, end)
      if (next === 0) break
      position = next + this.#wholeBytes
      if (this.rules.role === 'client') continue
      if (!this.#port.xor(chunk, next, position, readMaskingKey(chunk, next - 4))) ascii = false
    }
    this.#plainEnd = position
    this.#plainAscii = ascii
    return position
  }

  /**
   * The usual frame, in one step: a whole message that lies whole in the chunk. Returns where it ends, negative when the
   * consumer said stop, and 0 when this is another frame.
   */
  #whole(chunk: Uint8Array, position: number, end: number): number {
    const from = this.#wholePayload(chunk, position, end)
    if (from === 0) return 0
    const to = from + this.#wholeBytes
    const ascii =
      this.rules.role === 'server' &&
      (to <= this.#plainEnd ? this.#plainAscii : this.#port.xor(chunk, from, to, readMaskingKey(chunk, from - 4)))
    return this.#consumer.whole((chunk[position] as number) & 0x0f, chunk, from, to, ascii) ? to : -to
  }

  /**
   * Where the payload of such a frame at `position` begins, with its length in `#wholeBytes`; 0 when this is another frame.
   * The first bytes of the usual one show that it breaks no rule; of any other the rules have to say what becomes.
   */
  #wholePayload(chunk: Uint8Array, position: number, end: number): number {
    const { role, maxFrameBytes } = this.rules
    if (end - position < MIN_HEADER_BYTES[role] || this.#cutBytes !== 0) return 0
    const first = chunk[position] as number
    if (first !== WHOLE_TEXT && first !== WHOLE_BINARY) return 0
    const second = chunk[position + 1] as number
    if (second >= 0x80 !== (role === 'server')) return 0
    let from = position + MIN_HEADER_BYTES[role]
    let payloadBytes = second & 0x7f
    if (payloadBytes > 125) {
      if (payloadBytes === 127 || end - from < 2) return 0
      payloadBytes = ((chunk[position + 2] as number) << 8) | (chunk[position + 3] as number)
      if (payloadBytes <= 125) return 0
      from += 2
    }
    if (from + payloadBytes > end || payloadBytes > maxFrameBytes || !this.#consumer.takesWhole(payloadBytes)) return 0
    this.#wholeBytes = payloadBytes
    return from
  }

  /** Masks again what was unmasked ahead and will be read anew: behind `position`, which is returned. */
  #stop(chunk: Uint8Array, position: number): number {
    const end = this.rules.role === 'client' ? 0 : this.#plainEnd
    this.#plainEnd = 0
    for (let next = position; next < end; ) {
      const long = ((chunk[next + 1] as number) & 0x7f) === 126
      const from = next + (long ? 8 : 6)
      next =
        from +
        (long ? ((chunk[next + 2] as number) << 8) | (chunk[next + 3] as number) : (chunk[next + 1] as number) & 0x7f)
      this.#port.xor(chunk, from, next, readMaskingKey(chunk, from - 4))
    }
    return position
  }

  // Without this the compiler takes #step for what it was before #header changed it.
  #isHeader(): boolean {
    return this.#step === 'header'
  }

  /**
   * Reads a header at `position`. Returns where its payload starts; `end`, with the bytes kept aside, when the chunk
   * cuts it; -1 when it is at fault.
   */
  #header(chunk: Uint8Array, position: number, end: number): number {
    if (end - position < 2) return this.#keep(chunk, position, end)
    const first = chunk[position] as number
    const second = chunk[position + 1] as number
    const fault = checkFirstBytes(first, second, this.rules)
    if (fault !== undefined) return this.#fail(fault)
    const shortLength = second & 0x7f
    const masked = (second & 0x80) !== 0
    const lengthBytes = shortLength < 126 ? 0 : shortLength === 126 ? 2 : 8
    let next = position + 2
    if (end - next < lengthBytes) return this.#keep(chunk, position, end)
    let payloadBytes = shortLength
    if (lengthBytes !== 0) {
      const high = lengthBytes === 2 ? 0 : readUint32(chunk, next)
      const low =
        lengthBytes === 2 ? ((chunk[next] as number) << 8) | (chunk[next + 1] as number) : readUint32(chunk, next + 4)
      const lengthFault = checkExtendedLength(lengthBytes === 2 ? 126 : 127, high, low)
      if (lengthFault !== undefined) return this.#fail(lengthFault)
      payloadBytes = high * 0x1_0000_0000 + low
      next += lengthBytes
    }
    const tooLarge = checkFrameBytes(payloadBytes, this.rules)
    if (tooLarge !== undefined) return this.#fail(tooLarge)
    if (masked) {
      if (end - next < 4) return this.#keep(chunk, position, end)
      this.#key = readMaskingKey(chunk, next)
      next += 4
    }
    this.#masked = masked
    this.#remaining = payloadBytes
    const unwanted = this.#consumer.frame(first & 0x0f, (first & 0x80) !== 0, (first >> 4) & 7, payloadBytes)
    if (unwanted !== undefined) return this.#fail(unwanted)
    this.#step = 'payload'
    return next
  }

  #keep(chunk: Uint8Array, position: number, end: number): number {
    this.#cutHeader ??= new Uint8Array(MAX_HEADER_BYTES)
    for (let i = position; i < end; i++) this.#cutHeader[this.#cutBytes++] = chunk[i] as number
    return end
  }

  /** Goes on with a cut header, one byte at a time so that nothing of the payload is taken with it. */
  #cut(chunk: Uint8Array, start: number, end: number): number {
    const header = this.#cutHeader as Uint8Array
    let position = start
    while (position < end) {
      header[this.#cutBytes++] = chunk[position++] as number
      const kept = this.#cutBytes
      this.#cutBytes = 0
      const next = this.#header(header, 0, kept)
      if (next < 0) return -1
      if (this.#isHeader()) continue // #keep has put the bytes back
      this.#cutHeader = undefined
      break
    }
    return position
  }

  #fail(error: ProtocolError): number {
    this.#consumer.fault(error)
    return -1
  }
}

function readUint32(bytes: Uint8Array, offset: number): number {
  return (
    (bytes[offset] as number) * 0x100_0000 +
    (((bytes[offset + 1] as number) << 16) | ((bytes[offset + 2] as number) << 8) | (bytes[offset + 3] as number))
  )
}
