/** Longest that somebody is advised to wait, in milliseconds. */
const MAX_ADVICE_MS = 30_000

/**
 * When those are to come back who had to be sent away: one behind the other, as many a second as are let in. All that it
 * remembers is one moment, the turn of who came last.
 */
export class WaitingLine {
  readonly #tokenMs: number
  #lastTurnMs = Number.NEGATIVE_INFINITY

  constructor(perSecond: number) {
    this.#tokenMs = 1000 / perSecond
  }

  /** Whoever comes now: how long to wait, in milliseconds, and no less than `leastMs`. */
  join(nowMs: number, leastMs: number): number {
    // Who was told to come within that time may still do so, and is sent to the end again.
    this.#lastTurnMs = Math.min(Math.max(this.#lastTurnMs + this.#tokenMs, nowMs + leastMs), nowMs + MAX_ADVICE_MS)
    return this.#lastTurnMs - nowMs
  }
}
