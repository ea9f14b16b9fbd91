import type { Departure, Drainable } from './drainable.ts'

/** Where there are few, each leaves so long behind the one before, in milliseconds: nobody waits for a spread of three. */
const SOLE_MS = 10

/** How clients leave one after the other. */
export interface Pace {
  /** In how much time the last one leaves, in milliseconds. */
  readonly overMs: number
  /** How many are to come back in a second, wherever they go. */
  readonly maxPerSecond: number
}

/**
 * Who leaves when, and when it is advised to come back. Those of each kind are spread over the whole time. They come back
 * as evenly as they left; where more leave than may come back in that time, some wait longer.
 */
export class Departures {
  readonly #departures: readonly Departure[]
  readonly #overMs: number
  /** From when until when they come back, in milliseconds. */
  readonly #returnMs: number
  #left = 0

  constructor(parts: readonly Drainable[], { overMs, maxPerSecond }: Pace) {
    this.#departures = mingle(parts.map((part) => [...part.beginDrain()]))
    const { length } = this.#departures
    this.#overMs = Math.min(overMs, length * SOLE_MS)
    this.#returnMs = Math.max(this.#overMs, (length * 1000) / maxPerSecond)
  }

  /** How many have not been told yet. */
  get remaining(): number {
    return this.#departures.length - this.#left
  }

  /** Has everybody leave whose time has come, `elapsedMs` after the first. */
  leave(elapsedMs: number): void {
    const { length } = this.#departures
    const due = elapsedMs >= this.#overMs ? length : Math.floor((elapsedMs / this.#overMs) * length) + 1
    while (this.#left < Math.min(due, length)) {
      const returnAtMs = (this.#left / length) * this.#returnMs
      const departure = this.#departures[this.#left++] as Departure
      departure(Math.max(0, Math.round(returnAtMs - elapsedMs)))
    }
  }
}

/** All of several lists, so that at each moment about the same share of each has had its turn. */
function mingle<T>(lists: readonly (readonly T[])[]): T[] {
  return lists
    .flatMap((list) => list.map((entry, index) => ({ entry, at: (index + 0.5) / list.length })))
    .sort((one, other) => one.at - other.at)
    .map(({ entry }) => entry)
}
