import type { OnReadOpts } from 'node:net'
import { ReadMemory } from './read-memory.ts'

/** Is given what was read, which is overwritten later; returns whether nothing that it was given so far is needed any more. */
export type Take = (chunk: Uint8Array) => boolean

/**
 * Reads a stream into memory that is used again, where `data` events would have new memory for each read. For `net.connect`,
 * which takes it as `onread`.
 */
export class StreamReader {
  readonly #memory = new ReadMemory()
  #current: Uint8Array | undefined
  #bytes = 0
  #isFree = true
  #take: Take = NOBODY

  /** For `net.connect`. */
  readonly onread: OnReadOpts = {
    // Asked before the first read, and behind each.
    buffer: () => {
      const current = this.#current
      this.#current = current === undefined ? this.#memory.first : this.#memory.next(current, this.#bytes, this.#isFree)
      return this.#current
    },
    callback: (bytes, buffer) => {
      this.#bytes = bytes
      this.#isFree = this.#take((buffer as Uint8Array).subarray(0, bytes))
      return true
    },
  }

  /** Gives `take` what is read from here on; `undefined`: nobody. */
  readTo(take: Take | undefined): void {
    this.#take = take ?? NOBODY
  }
}

const NOBODY: Take = () => true
