import type { PublicationPacket } from '@wigwag/protocol'
import type { ShareLimits } from './share-limits.ts'

interface Kept {
  readonly stream: RecentStream
  readonly publication: PublicationPacket
  readonly length: number
}

/** What came lately in all channels, up to a limit: the oldest of all makes room. */
export class RecentPublications {
  readonly #limits: Required<ShareLimits>
  /** In the order in which they came. */
  readonly #kept = new Set<Kept>()
  #length = 0

  constructor(limits: Required<ShareLimits>) {
    this.#limits = limits
  }

  /** A stream of which everything behind `offset` comes from now on. */
  open(offset: number): RecentStream {
    return new RecentStream(this, offset)
  }

  add(kept: Kept): void {
    this.#kept.add(kept)
    this.#length += kept.length
    const { maxRecentPublications, maxRecentBytes } = this.#limits
    for (const oldest of this.#kept) {
      if (this.#kept.size <= maxRecentPublications && this.#length <= maxRecentBytes) return
      this.drop(oldest)
      oldest.stream.dropped()
    }
  }

  drop(kept: Kept): void {
    if (this.#kept.delete(kept)) this.#length -= kept.length
  }
}

/** What came lately in one channel. */
export class RecentStream {
  readonly #all: RecentPublications
  readonly #kept: Kept[] = []
  /** Everything behind it is kept. */
  #from: number

  /** Made by `RecentPublications.open`. */
  constructor(all: RecentPublications, from: number) {
    this.#all = all
    this.#from = from
  }

  /** Keeps one that has an offset. `length`: of its JSON. */
  add(publication: PublicationPacket, length: number): void {
    const kept = { stream: this, publication, length }
    this.#kept.push(kept)
    this.#all.add(kept)
  }

  /** All that came behind an offset; undefined: that is not known any more. */
  after(offset: number): readonly PublicationPacket[] | undefined {
    if (offset < this.#from) return undefined
    return this.#kept.filter((each) => (each.publication.offset ?? 0) > offset).map(({ publication }) => publication)
  }

  /** The first has made room for others. */
  dropped(): void {
    this.#from = this.#kept.shift()?.publication.offset ?? this.#from
  }

  /** Nobody asks any more. */
  close(): void {
    for (const kept of this.#kept.splice(0)) this.#all.drop(kept)
  }
}
