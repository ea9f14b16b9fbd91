/** What keepalive wants done at a deadline. */
export type KeepaliveEffect = 'ping' | 'fail' | undefined

type KeepaliveState =
  | { readonly phase: 'listening'; readonly deadlineMs: number }
  | {
      readonly phase: 'awaiting-pong'
      readonly pingedMs: number
      readonly giveUpMs: number
      readonly deadlineMs: number
    }

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
  #state: KeepaliveState

  /** `random` gives numbers from 0 up to 1, as `Math.random` does. */
  constructor(options: KeepaliveOptions, random: () => number, nowMs: number) {
    this.#options = options
    this.#random = random
    this.#state = { phase: 'listening', deadlineMs: nowMs + this.#intervalMs() }
  }

  /** When `tick` wants to be called next. */
  get deadlineMs(): number {
    return this.#state.deadlineMs
  }

  /** Tells that the peer was last heard at `heardMs` and that it is `nowMs` now. */
  tick(heardMs: number, nowMs: number): KeepaliveEffect {
    const state = this.#state
    if (nowMs < state.deadlineMs) return undefined
    // The clock may be coarse: what was heard in the tick of the ping itself came after it, or no ping was due.
    if (state.phase === 'awaiting-pong' && heardMs < state.pingedMs) {
      if (nowMs >= state.giveUpMs) return 'fail'
      this.#state = { ...state, deadlineMs: state.giveUpMs }
      return undefined
    }
    const intervalMs = this.#intervalMs()
    if (heardMs + intervalMs <= nowMs) {
      this.#state = this.#awaitPong(nowMs)
      return 'ping'
    }
    this.#state = { phase: 'listening', deadlineMs: heardMs + intervalMs }
    return undefined
  }

  /** Tells that nothing could be heard, because nobody listened: pings go out as ever, and nobody is given up on. */
  tickUnheard(nowMs: number): KeepaliveEffect {
    if (nowMs < this.#state.deadlineMs) return undefined
    this.#state = { phase: 'listening', deadlineMs: nowMs + this.#intervalMs() }
    return 'ping'
  }

  /** Wakes when the next ping is due, if that is before the peer is given up on: what is silent for less long must hear of us. */
  #awaitPong(nowMs: number): KeepaliveState {
    const giveUpMs = nowMs + this.#options.pongTimeoutMs
    return {
      phase: 'awaiting-pong',
      pingedMs: nowMs,
      giveUpMs,
      deadlineMs: Math.min(giveUpMs, nowMs + this.#intervalMs()),
    }
  }

  #intervalMs(): number {
    const { pingIntervalMs } = this.#options
    if (pingIntervalMs === 0) return Infinity
    return pingIntervalMs * (1 - JITTER + 2 * JITTER * this.#random())
  }
}
