import type { Position } from '../publication/position.ts'
import type { Gap, Publication, PublicationData } from '../publication/publication.ts'
import type { History, HistoryStart } from './broker.ts'
import type { HistoryOptions } from './history-options.ts'
import { retainedSize } from './retained-size.ts'

/** The retained publications of one channel, with their offsets. */
export class Stream {
  readonly #channel: string
  readonly #epoch: string
  readonly #limits: Required<HistoryOptions>
  #offset = 0
  // Retained publications are `#publications[#first..]`; the front is emptied at once and cut off in bulk.
  #publications: (Publication | undefined)[] = []
  #first = 0
  #bytes = 0

  /** `epoch` is new for each stream ever made. */
  constructor(channel: string, epoch: string, limits: Required<HistoryOptions>) {
    this.#channel = channel
    this.#epoch = epoch
    this.#limits = limits
  }

  /** Where the stream stands. */
  get position(): Position {
    return { offset: this.#offset, epoch: this.#epoch }
  }

  /** How many publications are retained. */
  get size(): number {
    return this.#publications.length - this.#first
  }

  /** Bytes of data that are retained. */
  get bytes(): number {
    return this.#bytes
  }

  /** Stores `data` at the next offset. */
  append(data: PublicationData, nowMs: number): Publication {
    this.#offset++
    const publication = { channel: this.#channel, data, time: nowMs, position: this.position }
    this.#publications.push(publication)
    this.#bytes += retainedSize(data)
    this.trim(nowMs)
    return publication
  }

  /** Lets go of what is over a limit. */
  trim(nowMs: number): void {
    const { size, ttlMs, maxBytes } = this.#limits
    while (this.size > 0) {
      const oldest = this.#publications[this.#first] as Publication
      if (this.size <= size && this.#bytes <= maxBytes && oldest.time > nowMs - ttlMs) break
      this.#bytes -= retainedSize(oldest.data)
      this.#publications[this.#first++] = undefined
    }
    if (this.#first > 64 && this.#first > this.size) {
      this.#publications = this.#publications.slice(this.#first)
      this.#first = 0
    }
  }

  /** Lets go of everything retained; the position stays. */
  release(): void {
    this.#publications = []
    this.#first = 0
    this.#bytes = 0
  }

  /** What comes after the position `from` and is retained, and whether something in between is gone; or the newest. */
  read(from: HistoryStart | undefined, nowMs: number): History {
    this.trim(nowMs)
    const { position } = this
    if (from === undefined) return { position, publications: [], gap: undefined }
    if (from === 'latest') return { position, publications: this.#from(Math.max(0, this.size - 1)), gap: undefined }
    return this.#readAfter(from)
  }

  #readAfter(after: Position): History {
    const { position } = this
    // An offset ahead of the stream was never given out by it.
    if (after.epoch !== this.#epoch || after.offset > this.#offset) {
      const gap: Gap = { reason: 'epoch-changed', after, position }
      return { position, publications: this.#from(0), gap }
    }
    const oldestOffset = this.#offset - this.size + 1
    const from = Math.max(after.offset + 1, oldestOffset)
    const publications = this.#from(from - oldestOffset)
    const gap: Gap | undefined =
      after.offset + 1 < oldestOffset ? { reason: 'history-expired', after, position } : undefined
    return { position, publications, gap }
  }

  /** What is retained, without the oldest `skipped`. */
  #from(skipped: number): Publication[] {
    return this.#publications.slice(this.#first + skipped) as Publication[]
  }
}
