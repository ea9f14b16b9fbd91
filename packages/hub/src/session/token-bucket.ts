/** So many a second, and so many at once after a pause. */
export interface TokenRate {
  readonly perSecond: number
  readonly burst: number
}

/** A hair of rounding is no reason to wait. */
const HAIR_MS = 0.001

/** A bucket of tokens that fills by itself. All that it remembers is one moment, at which it is full: it needs no timer. */
export class TokenBucket {
  readonly #rate: TokenRate
  #fullAtMs = Number.NEGATIVE_INFINITY

  /** `rate` may be shared. The bucket is full at first. */
  constructor(rate: TokenRate) {
    this.#rate = rate
  }

  /** Takes `tokens`, and returns 0; or takes none, and returns how long to wait for them, in milliseconds. More than the burst are had from a full bucket only. */
  take(nowMs: number, tokens = 1): number {
    const { perSecond, burst } = this.#rate
    const fullAtMs = Math.max(this.#fullAtMs, nowMs)
    const waitMs = fullAtMs - nowMs - ((burst - Math.min(tokens, burst)) * 1000) / perSecond
    if (waitMs > HAIR_MS) return waitMs
    this.#fullAtMs = fullAtMs + (tokens * 1000) / perSecond
    return 0
  }
}
