/** What a stream reads into while it brings less than that at a time: all that a connection at rest keeps. */
const SMALL_BYTES = 4 * 1024
/** And while it brings more: twice that costs more of the processor's cache than it saves in calls. */
const LARGE_BYTES = 64 * 1024
/** Large arrays that are kept for whoever needs the next: 1 MiB. */
const MAX_SPARE = 16

/** Large arrays that nobody uses. Pages of new ones cost more than what is read into them. */
const spare: Uint8Array[] = []

/**
 * The memory that one stream is read into, used again and again: small while little comes, large while much does. Whoever is
 * given what was read has copied what lies in the small array; what lies in a large one may be needed for a while, and then the
 * next is read into another.
 */
export class ReadMemory {
  readonly #small = new Uint8Array(SMALL_BYTES)
  /** Large arrays whose bytes are still needed. */
  readonly #kept: Uint8Array[] = []

  /** Where to read to first. */
  get first(): Uint8Array {
    return this.#small
  }

  /**
   * Where to read to next, when `bytes` were read into `current`. `isFree`: nothing of what was read so far is needed any
   * more.
   */
  next(current: Uint8Array, bytes: number, isFree: boolean): Uint8Array {
    const isFull = bytes === current.length
    if (current !== this.#small) {
      if (isFree && isFull) return current
      this.#kept.push(current)
    }
    if (isFree) for (const array of this.#kept.splice(0)) giveBack(array)
    // What did not fill its array was all there was.
    return isFull ? (spare.pop() ?? new Uint8Array(LARGE_BYTES)) : this.#small
  }
}

function giveBack(array: Uint8Array): void {
  if (spare.length < MAX_SPARE) spare.push(array)
}
