import type { BytePort } from '../bytes/byte-port.ts'

/** What a message may take before its first bytes came: more than most need, less than an attacker wants. */
const FIRST_BYTES = 64 * 1024
/**
 * How many times what came is taken of what was announced. Up to a usual size it is much, so that most messages are not
 * copied from one array to the next: nothing was written to the rest of it yet, so it is hardly more than address space.
 */
const USUAL_GROWTH = 16
const USUAL_BYTES = 1024 * 1024
const GROWTH = 4

/**
 * Collects the payload of a message that arrives in more than one range. Memory follows what was received, not what
 * was announced, and no object is kept per range, so neither an announced length nor a flood of tiny ones costs more
 * than the bytes themselves.
 */
export class GatherBuffer {
  readonly #port: BytePort
  #bytes: Uint8Array | undefined
  #used = 0

  constructor(port: BytePort) {
    this.#port = port
  }

  /** Bytes collected so far. */
  get size(): number {
    return this.#used
  }

  /** Appends `chunk[start, end)`. `expected` is how many bytes are known to follow it, as a hint. */
  append(chunk: Uint8Array, start: number, end: number, expected: number): void {
    const needed = this.#used + end - start
    if (this.#bytes === undefined || this.#bytes.length < needed) this.#grow(needed, expected)
    const target = this.#bytes as Uint8Array
    target.set(chunk.subarray(start, end), this.#used)
    this.#used = needed
  }

  /** Hands over the collected bytes; the caller owns them from here on. */
  take(): Uint8Array {
    const bytes = this.#bytes?.subarray(0, this.#used) ?? new Uint8Array(0)
    this.#bytes = undefined
    this.#used = 0
    return bytes
  }

  #grow(needed: number, expected: number): void {
    const usual = Math.min(needed * USUAL_GROWTH, USUAL_BYTES)
    const allowed = Math.max(FIRST_BYTES, usual, needed * GROWTH)
    // Doubling keeps a message of many small fragments from being copied once per fragment.
    const doubled = (this.#bytes?.length ?? 0) * 2
    const larger = this.#port.allocate(Math.max(needed, doubled, Math.min(needed + expected, allowed)))
    if (this.#bytes !== undefined) larger.set(this.#bytes.subarray(0, this.#used))
    this.#bytes = larger
  }
}
