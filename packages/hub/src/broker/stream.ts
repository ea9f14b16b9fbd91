import type { Position } from '../publication/position.ts'
import {
  createPublication,
  type Publication,
  type PublicationData,
  type PublicationDetails,
} from '../publication/publication.ts'
import type { History, HistoryRange, HistoryStart } from './broker.ts'
import { findGap } from './history-gap.ts'
import type { HistoryOptions } from './history-options.ts'
import { retainedPublicationSize } from './retained-size.ts'

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

  /** Bytes that are retained. */
  get bytes(): number {
    return this.#bytes
  }

  /** Stores `data` at the next offset. */
  append(data: PublicationData, details: PublicationDetails, nowMs: number): Publication {
    this.#offset++
    const publication = createPublication(this.#channel, data, nowMs, this.position, details)
    this.#publications.push(publication)
    this.#bytes += retainedPublicationSize(publication)
    this.trim(nowMs)
    return publication
  }

  /** Lets go of what is over a limit. */
  trim(nowMs: number): void {
    const { size, ttlMs, maxBytes } = this.#limits
    while (this.size > 0) {
      const oldest = this.#publications[this.#first] as Publication
      if (this.size <= size && this.#bytes <= maxBytes && oldest.time > nowMs - ttlMs) break
      this.#bytes -= retainedPublicationSize(oldest)
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

  /** What was asked for and is retained, and whether something is gone before it. */
  read(from: HistoryStart | undefined, nowMs: number, range?: HistoryRange): History {
    this.trim(nowMs)
    if (from === 'latest') return this.#read(undefined, true, Math.min(1, range?.limit ?? 1))
    if (from === undefined && range === undefined) return this.#read(undefined, false, 0)
    return this.#read(from, range?.reverse ?? false, range?.limit ?? this.size)
  }

  #read(from: Position | undefined, isReverse: boolean, limit: number): History {
    const { position } = this
    const oldest = this.#offset - this.size + 1
    const gap = from && findGap({ from, isReverse, position, oldest })
    // Offsets that were asked for, from `first` to before `end`; of another stream a position says nothing.
    let first = oldest
    let end = this.#offset + 1
    if (from !== undefined && gap?.reason !== 'epoch-changed') {
      if (isReverse) end = Math.max(oldest, from.offset)
      else first = Math.max(oldest, from.offset + 1)
    }
    if (isReverse) first = Math.max(first, end - limit)
    else end = Math.min(end, first + limit)
    const start = this.#first - oldest
    const publications = this.#publications.slice(start + first, start + end) as Publication[]
    if (isReverse) publications.reverse()
    return { position, publications, gap }
  }
}
