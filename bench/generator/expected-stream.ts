import { frameHeader } from './traffic.ts'

const RING_BYTES = 8 * 1024 * 1024
/** Publications between the quickest and the slowest subscriber; far more than a server can be asked to hold. */
const RING_FRAMES = 65_536
const OPCODE_TEXT = 1

/**
 * The bytes that every subscriber of a channel is to receive: a frame for each publication, written when it is published.
 * Positions and numbers count from the beginning; what is far behind is overwritten.
 */
export class ExpectedStream {
  readonly #ring = Buffer.allocUnsafe(RING_BYTES)
  readonly #ends = new Float64Array(RING_FRAMES)
  #frames = 0
  #end = 0

  /** How many frames there are. */
  get frames(): number {
    return this.#frames
  }

  /** Adds a frame of text, ASCII only. */
  append(text: string): void {
    const header = frameHeader(OPCODE_TEXT, text.length, 0)
    const frame = Buffer.allocUnsafe(header.length + text.length)
    header.copy(frame)
    frame.write(text, header.length, 'latin1')
    const at = this.#end % RING_BYTES
    const first = frame.copy(this.#ring, at)
    if (first < frame.length) frame.copy(this.#ring, 0, first)
    this.#end += frame.length
    this.#ends[this.#frames++ % RING_FRAMES] = this.#end
  }

  /** Where frame `n` ends; it must be one of the last. */
  endOf(n: number): number {
    return this.#ends[n % RING_FRAMES] as number
  }

  /** Where frame `n` begins. */
  startOf(n: number): number {
    return n === 0 ? 0 : this.endOf(n - 1)
  }

  /** Whether what stands at `position`, in frame `n`, has been written and is not overwritten. */
  holds(position: number, n: number): boolean {
    return this.#end - position <= RING_BYTES && this.#frames - n < RING_FRAMES
  }

  /** Whether `length` bytes of a chunk are what follows `position`. */
  matches(position: number, chunk: Buffer, length: number): boolean {
    if (position + length > this.#end) return false
    const at = position % RING_BYTES
    const first = Math.min(length, RING_BYTES - at)
    return (
      chunk.compare(this.#ring, at, at + first, 0, first) === 0 &&
      (first === length || chunk.compare(this.#ring, 0, length - first, first, length) === 0)
    )
  }

  /** A copy of what is from `start` to `end`. */
  slice(start: number, end: number): Buffer {
    const copy = Buffer.allocUnsafe(end - start)
    const at = start % RING_BYTES
    const first = this.#ring.copy(copy, 0, at, Math.min(at + copy.length, RING_BYTES))
    if (first < copy.length) this.#ring.copy(copy, first, 0, copy.length - first)
    return copy
  }
}
