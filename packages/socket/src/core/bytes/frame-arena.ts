import type { BytePort } from './byte-port.ts'

/**
 * One buffer that the frames of all connections of a driver are written into, one behind the other. What one
 * connection sends in one turn of the event loop, and what is broadcast to many, lies there as one range and leaves
 * in one write without being copied again.
 *
 * A range is valid until the driver says `recycle`: all of them were written, the memory may be used again. A driver
 * whose ranges are still being written does not; the arena then goes on behind them, and in a new buffer when it is full.
 */
export class FrameArena {
  readonly #port: BytePort
  readonly #size: number
  readonly #full: (() => void) | undefined
  /** Where frames are written now. */
  buffer: Uint8Array
  /** How much of `buffer` is taken. */
  used = 0
  /** Counts every `recycle`: a range remembered under an older number has been overwritten. */
  generation = 0
  /** Where the frame of `#latest` begins. It ends at `#latestEnd`, and if that is not `used`, another came behind it. */
  latestStart = 0
  #latestEnd = -1
  #latestPayloadStart = 0
  #latest: string | Uint8Array | undefined
  /** Its payload where it lies; made when somebody asks, because mostly nobody does. */
  #latestPayload: Uint8Array | undefined

  /**
   * `full` is told when the arena has no room for a frame: a driver that writes what lies there, and recycles, spares a
   * new buffer, whose pages cost more than the writes.
   */
  constructor(port: BytePort, size: number = 256 * 1024, full?: () => void) {
    this.#port = port
    this.#size = size
    this.#full = full
    this.buffer = port.allocate(size)
  }

  /** Makes room for `bytes` at `used`, in a new buffer if need be. The writer then moves `used` to where it ended. */
  reserve(bytes: number): void {
    if (this.buffer.length - this.used >= bytes) return
    if (this.#full !== undefined && bytes <= this.#size) {
      this.#full()
      if (this.buffer.length - this.used >= bytes) return
    }
    this.forget() // it lies in the buffer before
    this.buffer = this.#port.allocate(Math.max(this.#size, bytes))
    this.used = 0
  }

  /**
   * The frame that ends at `used` carries `data` as it is, unmasked, behind a header that ends at `payloadStart`: whoever
   * sends the same again writes the same bytes. `data` is kept until another frame is, or until `forget`.
   */
  remember(data: string | Uint8Array, start: number, payloadStart: number): void {
    this.#latest = data
    this.latestStart = start
    this.#latestEnd = this.used
    this.#latestPayloadStart = payloadStart
    this.#latestPayload = undefined
  }

  /**
   * Whether the frame from `latestStart` to `used` is the one of `data` with the first byte `first`. Bytes that are the same
   * array are compared: their owner may have changed them since.
   */
  endsWith(data: unknown, first: number): boolean {
    if (this.#latestEnd !== this.used || this.#latest !== data || this.buffer[this.latestStart] !== first) return false
    if (typeof data === 'string') return true
    this.#latestPayload ??= this.buffer.subarray(this.#latestPayloadStart, this.used)
    return data !== undefined && this.#port.equals(this.#latestPayload, data as Uint8Array)
  }

  /** Keeps nothing of what was remembered: the memory is its owner's. */
  forget(): void {
    this.#latest = undefined
    this.#latestPayload = undefined
    this.#latestEnd = -1
  }

  /** Everything handed out has been written: start again at the front of the same buffer. */
  recycle(): void {
    this.forget()
    this.used = 0
    this.generation++
    if (this.buffer.length > this.#size) this.buffer = this.#port.allocate(this.#size)
  }
}
