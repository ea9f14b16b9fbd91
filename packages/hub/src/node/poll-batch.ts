import type { Position } from '../publication/position.ts'
import type { Gap, Publication } from '../publication/publication.ts'
import { knownSecond, secondOf } from './whole-seconds.ts'

/** The publications of one answer, up to a limit. */
export class PollBatch {
  readonly #maxBytes: number
  readonly #encoded: Buffer[] = []
  #bytes = 0
  #isFull = false
  #latest: Publication | undefined
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
  add(encoded: Buffer, publication: Publication): boolean {
    if (this.#encoded.length > 0 && this.#bytes + encoded.length > this.#maxBytes) this.#isFull = true
    if (this.#isFull) return false
    this.#push(encoded, publication)
    return true
  }

  /** Adds the publications of one second, all or none. One second always goes; once one did not, none that follows does. */
  addSecond(encoded: readonly Buffer[], publications: readonly Publication[]): boolean {
    const bytes = encoded.reduce((sum, { length }) => sum + length, 0)
    if (this.#encoded.length > 0 && this.#bytes + bytes > this.#maxBytes) this.#isFull = true
    if (this.#isFull) return false
    for (const [i, each] of encoded.entries()) this.#push(each, publications[i] as Publication)
    return true
  }

  /** Says where the stream stands behind everything that was added. */
  standAt(position: Position | undefined): void {
    if (!this.#isFull) this.#position = position
  }

  /** The second up to whose end the client knows everything with this answer; nothing when there is no publication in it. */
  knownSecond(nowMs: number): number | undefined {
    if (this.#latest === undefined) return undefined
    return this.#isFull ? secondOf(this.#latest) - 1 : knownSecond(this.#latest, nowMs)
  }

  #push(encoded: Buffer, publication: Publication): void {
    this.#encoded.push(encoded)
    this.#bytes += encoded.length
    // What is not stored has none, and changes nothing.
    if (publication.position === undefined) return
    this.#position = publication.position
    this.#latest = publication
  }
}
