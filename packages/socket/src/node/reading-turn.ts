import { atEndOfTurn, hostTime } from './host-time.ts'

/** Longest that one connection is read for at a time, in ms. Behind the message in which it passes, others have their turn. */
const TURN_MS = 10

/**
 * Bounds how long a connection with extensions is read without a break. A compressed message may cost a thousand times
 * its bytes, so that what the kernel holds of one peer would keep all others waiting for seconds.
 */
export class ReadingTurn {
  readonly #goOn: () => void
  #startedMs = 0
  #resting = false
  #held = false

  /** `goOn` goes on reading, at the next turn of the event loop. */
  constructor(goOn: () => void) {
    this.#goOn = goOn
  }

  /** Reading begins, or goes on. */
  begin(): void {
    this.#startedMs = hostTime.nowMs()
  }

  /** A message has been told. Returns whether reading must stop; it goes on by itself, unless the application holds it. */
  rests(): boolean {
    if (this.#resting || hostTime.nowMs() - this.#startedMs < TURN_MS) return false
    this.#resting = true
    atEndOfTurn(() => {
      this.#resting = false
      if (!this.#held) this.#goOn()
    })
    return true
  }

  /** The application stops reading. */
  hold(): void {
    this.#held = true
  }

  /** The application wants more. Returns whether reading goes on now, rather than at the turn to come. */
  release(): boolean {
    this.#held = false
    return !this.#resting
  }
}
