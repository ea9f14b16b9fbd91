import type { Position } from '../publication/position.ts'
import type { Gap } from '../publication/publication.ts'

/** The publications of one answer, up to a limit. */
export class PollBatch {
  readonly #maxBytes: number
  readonly #encoded: Buffer[] = []
  #bytes = 0
  #isFull = false
  #position: Position | undefined
  /** What cannot be recovered before the first publication. */
  gap: Gap | undefined

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The publications as they were encoded. */
  get encoded(): readonly Buffer[] {
    return this.#encoded
  }

  /** Where the client stands with this answer, and asks on from. */
  get position(): Position | undefined {
    return this.#position
  }

  /** Whether there is nothing to tell. */
  get isEmpty(): boolean {
    return this.#encoded.length === 0 && this.gap === undefined
  }

  /** Adds a publication if there is room. One always goes; once one did not, none that follows does. */
  add(encoded: Buffer, position: Position | undefined): boolean {
    if (this.#encoded.length > 0 && this.#bytes + encoded.length > this.#maxBytes) this.#isFull = true
    if (this.#isFull) return false
    this.#encoded.push(encoded)
    this.#bytes += encoded.length
    this.#position = position
    return true
  }

  /** Says where the stream stands behind everything that was added. */
  standAt(position: Position | undefined): void {
    if (!this.#isFull) this.#position = position
  }
}
