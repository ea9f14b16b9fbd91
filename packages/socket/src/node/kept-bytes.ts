/** What came while nobody read: in one piece, however small the reads were. */
export class KeptBytes {
  #buffer: Uint8Array
  #length = 0

  /** For so many bytes to begin with. */
  constructor(capacity: number) {
    this.#buffer = new Uint8Array(capacity)
  }

  get length(): number {
    return this.#length
  }

  /** All of it, for who takes it over. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length)
  }

  /** Takes a copy of `buffer[start, end)`. */
  add(buffer: Uint8Array, start: number, end: number): void {
    const needed = this.#length + end - start
    if (needed > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#length))
      larger.set(this.bytes)
      this.#buffer = larger
    }
    this.#buffer.set(buffer.subarray(start, end), this.#length)
    this.#length = needed
  }
}
