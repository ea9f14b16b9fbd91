import type { PositionRequest, PublicationPacket, SubRefreshResult, SubscribeResult } from '@wigwag/protocol'
import type { Position } from '../state/position.ts'
import type { RecentPublications, RecentStream } from './recent-publications.ts'

/** What the switchboard knows of a channel that it is subscribed to: where it stands, and what came lately. */
export class BoardStream {
  readonly #answer: SubscribeResult
  readonly #recent: RecentStream
  readonly #nowMs: () => number
  #offset: number
  #expiresAtMs = Number.POSITIVE_INFINITY

  /** `answer`: with which the hub subscribed. */
  constructor(answer: SubscribeResult, recents: RecentPublications, nowMs: () => number) {
    const {
      publications = [],
      recovered: _recovered,
      was_recovering: _wasRecovering,
      expires: _expires,
      ttl: _ttl,
      ...others
    } = answer
    this.#answer = others
    this.#nowMs = nowMs
    this.#offset = answer.offset ?? 0
    this.#recent = recents.open(this.#offset)
    for (const each of publications) this.add(each, JSON.stringify(each).length)
    this.holds(answer)
  }

  /** Behind the last that came; undefined where there is no history. */
  get position(): Position | undefined {
    const { recoverable, epoch = '' } = this.#answer
    return recoverable ? { epoch, offset: this.#offset } : undefined
  }

  /** One has come. `length`: of its JSON. */
  add(publication: PublicationPacket, length: number): void {
    const { offset } = publication
    if (!offset || offset <= this.#offset) return
    this.#offset = offset
    this.#recent.add(publication, length)
  }

  /** For how long the token holds. */
  holds({ expires, ttl = 0 }: SubRefreshResult): void {
    this.#expiresAtMs = expires ? this.#nowMs() + ttl * 1000 : Number.POSITIVE_INFINITY
  }

  /** What a tab that begins at the next publication is told. */
  present(): SubscribeResult {
    return this.#resultAt(this.#offset)
  }

  /** What a tab is told that comes from a position; undefined: only the hub knows what it has missed. */
  since({ epoch, offset = 0 }: PositionRequest): SubscribeResult | undefined {
    if (!this.#answer.recoverable) return { ...this.present(), was_recovering: true, recovered: false }
    if (epoch !== this.#answer.epoch) return undefined
    const publications = this.#recent.after(offset)
    if (publications === undefined) return undefined
    const result = { ...this.#resultAt(offset), was_recovering: true, recovered: true }
    return publications.length === 0 ? result : { ...result, publications }
  }

  /** Nobody asks any more. */
  close(): void {
    this.#recent.close()
  }

  #resultAt(offset: number): SubscribeResult {
    const answer = this.#answer.recoverable ? { ...this.#answer, offset } : this.#answer
    if (this.#expiresAtMs === Number.POSITIVE_INFINITY) return answer
    return { ...answer, expires: true, ttl: Math.max(0, Math.ceil((this.#expiresAtMs - this.#nowMs()) / 1000)) }
  }
}
