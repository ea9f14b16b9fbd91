type KeepaliveState =
  | { readonly phase: 'quiet'; readonly pingAtMs: number }
  | { readonly phase: 'awaiting-pong'; readonly pingedAtMs: number }

/** What is to be done. */
export type KeepaliveEffect = 'ping' | 'no-pong' | undefined

/** Pings of a session, and the pongs that are awaited. */
export class SessionKeepalive {
  readonly #intervalMs: number
  readonly #timeoutMs: number
  #state: KeepaliveState

  /** `spread`, from 0 up to 1, is by how much the first ping comes sooner. An interval of 0 never pings. */
  constructor(intervalMs: number, timeoutMs: number, nowMs: number, spread: number) {
    this.#intervalMs = intervalMs === 0 ? Number.POSITIVE_INFINITY : intervalMs
    this.#timeoutMs = timeoutMs
    // Half of it at most, lest sessions that are short were pinged at once.
    this.#state = { phase: 'quiet', pingAtMs: nowMs + this.#intervalMs * (1 - spread / 2) }
  }

  /** When something is to be done. */
  get deadlineMs(): number {
    return this.#state.phase === 'quiet' ? this.#state.pingAtMs : this.#state.pingedAtMs + this.#timeoutMs
  }

  tick(nowMs: number): KeepaliveEffect {
    if (nowMs < this.deadlineMs) return undefined
    if (this.#state.phase === 'awaiting-pong') return 'no-pong'
    this.#state = { phase: 'awaiting-pong', pingedAtMs: nowMs }
    return 'ping'
  }

  /** The client answered. */
  pong(): void {
    if (this.#state.phase === 'quiet') return
    this.#state = { phase: 'quiet', pingAtMs: this.#state.pingedAtMs + this.#intervalMs }
  }
}
