import type { BytePort } from '../bytes/byte-port.ts'
import type { FrameArena } from '../bytes/frame-arena.ts'
import { firstByte, frameHeaderBytes, MAX_HEADER_BYTES, writeFrameHeader } from './frame-header.ts'
import { Opcode } from './opcode.ts'
import type { EncodedFrame, PreparedMessage } from './prepared-message.ts'
import type { Role } from './role.ts'

/** Where encoded frames go. */
export interface FrameOutput {
  /** Takes `buffer[start, end)` behind everything written before. With `more`, the rest of a frame follows at once: nothing may come between. */
  write(buffer: Uint8Array, start: number, end: number, more?: boolean): void
}

/** Payloads above this are not copied into the arena: the copy costs more than a second range. */
export const COPY_UP_TO_BYTES: number = 16 * 1024

/** Up to this many bytes are copied one by one. */
const SMALL_BYTES = 32

const WHOLE_TEXT = firstByte(Opcode.text, true, 0)
/** Longest text whose frame may have the shortest header, and the room that it takes if none of it is ASCII. */
const SHORT_TEXT_LENGTH = 125
const SHORT_TEXT_SPACE = 2 + SHORT_TEXT_LENGTH * 3
/** What `BytePort.encodeAscii` asks for. */
const ASCII_SPARE_BYTES = 16

/**
 * Encodes messages and control frames (RFC 6455 §5.2) into the arena, masked for a client (§5.3). It has no state of
 * any connection, so one serves all connections of a driver.
 */
export class FrameWriter {
  readonly #role: Role
  readonly #port: BytePort
  readonly #arena: FrameArena
  readonly #randomKey: () => number
  // The frame encoded last. Fields instead of a result, so that the hot path allocates nothing.
  #buffer: Uint8Array
  #start = 0
  #end = 0

  /** `randomKey` gives 32 unpredictable bits, new for each frame (§5.3); a server never asks for them. */
  constructor(role: Role, port: BytePort, arena: FrameArena, randomKey: () => number) {
    this.#role = role
    this.#port = port
    this.#arena = arena
    this.#randomKey = randomKey
    this.#buffer = arena.buffer
  }

  /** Writes a text message as one frame. */
  text(text: string, output: FrameOutput): void {
    if (this.#role === 'server' && text.length <= SHORT_TEXT_LENGTH && this.#shortText(text, output)) return
    this.#encodeText(text)
    output.write(this.#takeBuffer(), this.#start, this.#end)
  }

  /**
   * Writes `payload` as one frame. A server's payload above 16 KiB is not copied: it must not change before it has
   * been written.
   */
  frame(opcode: number, payload: Uint8Array, reservedBits: number, output: FrameOutput): void {
    this.#frame(firstByte(opcode, true, reservedBits), payload, output)
  }

  /** Writes `payload` as one fragment of a message, in the same way. */
  fragment(opcode: number, final: boolean, payload: Uint8Array, output: FrameOutput): void {
    this.#frame(firstByte(opcode, final, 0), payload, output)
  }

  #frame(first: number, payload: Uint8Array, output: FrameOutput): void {
    if (this.#role === 'server' && payload.length > COPY_UP_TO_BYTES) {
      this.#arena.reserve(MAX_HEADER_BYTES)
      const { buffer, used } = this.#arena
      this.#arena.used = writeFrameHeader(buffer, used, first, payload.length, undefined)
      output.write(buffer, used, this.#arena.used, true)
      output.write(payload, 0, payload.length)
      return
    }
    this.#encodeBytes(first, payload)
    output.write(this.#takeBuffer(), this.#start, this.#end)
  }

  /** Writes a message that is sent to many. A server encodes it once per turn; a client's masks must all differ. */
  prepared(message: PreparedMessage, output: FrameOutput): void {
    if (this.#role === 'server') {
      const { buffer, start, end } = this.preparedFrame(message)
      output.write(buffer, start, end)
      return
    }
    this.#encodePrepared(message)
    output.write(this.#takeBuffer(), this.#start, this.#end)
  }

  /** A server's frame of a message that is sent to many, as it is: encoded now, unless it was in this turn. */
  preparedFrame(message: PreparedMessage): EncodedFrame {
    if (message.encoded === undefined || !this.holds(message.encoded)) {
      this.#encodePrepared(message)
      message.encoded = this.#lastFrame()
    }
    return message.encoded
  }

  /** A server's frame with `payload`, to be written to many. */
  sharedFrame(opcode: number, payload: Uint8Array, reservedBits: number): EncodedFrame {
    this.#encodeBytes(firstByte(opcode, true, reservedBits), payload)
    return this.#lastFrame()
  }

  /** Makes space for a frame with so many bytes of payload: when it is encoded the arena is not full, so that nothing is written before. */
  makeSpace(payloadBytes: number): void {
    this.#arena.reserve(Math.min(payloadBytes, COPY_UP_TO_BYTES * 3) + MAX_HEADER_BYTES)
  }

  /** Whether the bytes of `frame` are still there. */
  holds(frame: EncodedFrame): boolean {
    return frame.arena === this.#arena && frame.generation === this.#arena.generation
  }

  /** How often the arena was recycled. */
  get generation(): number {
    return this.#arena.generation
  }

  #encodePrepared(message: PreparedMessage): void {
    const { data, type } = message
    if (typeof data === 'string' && type === 'text') this.#encodeText(data)
    else this.#encodeBytes(firstByte(type === 'text' ? Opcode.text : Opcode.binary, true, 0), this.#bytesOf(data))
  }

  #bytesOf(data: string | Uint8Array): Uint8Array {
    if (typeof data !== 'string') return data
    const bytes = this.#port.allocate(this.#port.textByteLength(data))
    this.#port.encodeText(data, bytes, 0)
    return bytes
  }

  #lastFrame(): EncodedFrame {
    const { generation } = this.#arena
    return { arena: this.#arena, generation, buffer: this.#takeBuffer(), start: this.#start, end: this.#end }
  }

  /** Where the frame encoded last lies: a buffer of its own, of a large one, would otherwise stay until the next is encoded. */
  #takeBuffer(): Uint8Array {
    const buffer = this.#buffer
    this.#buffer = this.#arena.buffer
    return buffer
  }

  /** The usual text of a server: as `#encodeText`, in fewer steps. Returns whether it was as short as it looked. */
  #shortText(text: string, output: FrameOutput): boolean {
    const arena = this.#arena
    arena.reserve(SHORT_TEXT_SPACE)
    const { buffer, used } = arena
    const length = this.#port.encodeText(text, buffer, used + 2)
    if (length > 125) return false
    buffer[used] = WHOLE_TEXT
    buffer[used + 1] = length
    const end = used + 2 + length
    arena.used = end
    arena.remember(text, used, used + 2)
    output.write(buffer, used, end)
    return true
  }

  #encodeBytes(first: number, payload: Uint8Array): void {
    const { length } = payload
    const key = this.#key()
    this.#place(frameHeaderBytes(length, key !== undefined) + length)
    const payloadStart = writeFrameHeader(this.#buffer, this.#start, first, length, key)
    // A call into the host costs more than a few bytes do.
    if (length > SMALL_BYTES) this.#buffer.set(payload, payloadStart)
    else for (let i = 0; i < length; i++) this.#buffer[payloadStart + i] = payload[i] as number
    this.#finish(payload, payloadStart, payloadStart + length, key)
  }

  #encodeText(text: string): void {
    // ASCII is the common case: the header is sized for one byte per code unit, and the payload moved if that was wrong.
    const atMost = MAX_HEADER_BYTES + text.length * 3
    if (atMost > COPY_UP_TO_BYTES * 3) {
      this.#encodeLongText(text)
      return
    }
    const key = this.#key()
    const masked = key !== undefined
    this.#place(atMost)
    const guessedStart = this.#start + frameHeaderBytes(text.length, masked)
    const length = this.#port.encodeText(text, this.#buffer, guessedStart)
    const payloadStart = this.#start + frameHeaderBytes(length, masked)
    if (payloadStart !== guessedStart) this.#buffer.copyWithin(payloadStart, guessedStart, guessedStart + length)
    writeFrameHeader(this.#buffer, this.#start, firstByte(Opcode.text, true, 0), length, key)
    this.#finish(text, payloadStart, payloadStart + length, key)
  }

  /** Space for three bytes per code unit would be wasteful, and to count them takes longer than to write them as ASCII. */
  #encodeLongText(text: string): void {
    const key = this.#key()
    const first = firstByte(Opcode.text, true, 0)
    this.#place(MAX_HEADER_BYTES + text.length + ASCII_SPARE_BYTES)
    let { length } = text
    let payloadStart = this.#start + frameHeaderBytes(length, key !== undefined)
    if (!this.#port.encodeAscii(text, this.#buffer, payloadStart)) {
      length = this.#port.textByteLength(text)
      this.#place(MAX_HEADER_BYTES + length)
      payloadStart = this.#start + frameHeaderBytes(length, key !== undefined)
      this.#port.encodeText(text, this.#buffer, payloadStart)
    }
    writeFrameHeader(this.#buffer, this.#start, first, length, key)
    this.#finish(text, payloadStart, payloadStart + length, key)
  }

  /** Finds space for a frame: in the arena, or for a large one in a buffer of its own. */
  #place(bytes: number): void {
    if (bytes > COPY_UP_TO_BYTES * 3 + MAX_HEADER_BYTES) {
      this.#buffer = this.#port.allocate(bytes)
      this.#start = 0
      return
    }
    this.#arena.reserve(bytes)
    this.#buffer = this.#arena.buffer
    this.#start = this.#arena.used
  }

  #finish(data: string | Uint8Array, payloadStart: number, end: number, key: number | undefined): void {
    this.#end = end
    if (key !== undefined) this.#port.xor(this.#buffer, payloadStart, end, key)
    if (this.#buffer !== this.#arena.buffer) return
    this.#arena.used = end
    if (key === undefined) this.#arena.remember(data, this.#start, payloadStart)
  }

  #key(): number | undefined {
    return this.#role === 'client' ? this.#randomKey() : undefined
  }
}
