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
    this.buffer = this.#port.allocate(Math.max(this.#size, bytes))
    this.used = 0
  }

  /** Everything handed out has been written: start again at the front of the same buffer. */
  recycle(): void {
    this.used = 0
    this.generation++
    if (this.buffer.length > this.#size) this.buffer = this.#port.allocate(this.#size)
  }
}
