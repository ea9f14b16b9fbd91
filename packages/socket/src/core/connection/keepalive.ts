/** What keepalive wants done at a deadline. */
export type KeepaliveEffect = 'ping' | 'fail' | undefined

/** The share of the interval by which each wait is varied up and down. */
const JITTER = 0.1

/** Options of keepalive; see `ConnectionOptions`. */
export interface KeepaliveOptions {
  readonly pingIntervalMs: number
  readonly pongTimeoutMs: number
}

/**
 * Pings a silent peer and gives up on a dead one, as a function of time: it is told when something was heard and
 * what time it is, and says what to do. Any byte counts as life, so a busy connection is never pinged.
 */
export class Keepalive {
  readonly #options: KeepaliveOptions
  readonly #random: () => number
  // Two numbers, not an object for each state: there is one of these for every connection.
  #deadlineMs: number
  /** When the ping went out that nothing was heard behind; none while none is out. */
  #pingedMs: number | undefined

  /** `random` gives numbers from 0 up to 1, as `Math.random` does. */
  constructor(options: KeepaliveOptions, random: () => number, nowMs: number) {
    this.#options = options
    this.#random = random
    this.#deadlineMs = nowMs + this.#intervalMs()
  }

  /** When `tick` wants to be called next. */
  get deadlineMs(): number {
    return this.#deadlineMs
  }

  /** Tells that the peer was last heard at `heardMs` and that it is `nowMs` now. */
  tick(heardMs: number, nowMs: number): KeepaliveEffect {
    if (nowMs < this.#deadlineMs) return undefined
    const pingedMs = this.#pingedMs
    // The clock may be coarse: what was heard in the tick of the ping itself came after it, or no ping was due.
    if (pingedMs !== undefined && heardMs < pingedMs) {
      const giveUpMs = pingedMs + this.#options.pongTimeoutMs
      if (nowMs >= giveUpMs) return 'fail'
      this.#deadlineMs = giveUpMs
      return undefined
    }
    const intervalMs = this.#intervalMs()
    if (heardMs + intervalMs <= nowMs) {
      this.#pingedMs = nowMs
      // When the next ping is due, if that is before the peer is given up on: what is silent for less long must hear of us.
      this.#deadlineMs = nowMs + Math.min(this.#options.pongTimeoutMs, this.#intervalMs())
      return 'ping'
    }
    this.#pingedMs = undefined
    this.#deadlineMs = heardMs + intervalMs
    return undefined
  }

  /** Tells that nothing could be heard, because nobody listened: pings go out as ever, and nobody is given up on. */
  tickUnheard(nowMs: number): KeepaliveEffect {
    if (nowMs < this.#deadlineMs) return undefined
    this.#pingedMs = undefined
    this.#deadlineMs = nowMs + this.#intervalMs()
    return 'ping'
  }

  #intervalMs(): number {
    const { pingIntervalMs } = this.#options
    if (pingIntervalMs === 0) return Infinity
    // Whole milliseconds: small integers need no memory of their own.
    return Math.round(pingIntervalMs * (1 - JITTER + 2 * JITTER * this.#random()))
  }
}
