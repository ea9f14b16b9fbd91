import type { ResolvedSessionOptions } from './session-options.ts'

type KeepaliveState =
  | { readonly phase: 'quiet'; readonly pingAtMs: number }
  | { readonly phase: 'awaiting-pong'; readonly pingedAtMs: number }

/** What is to be done. */
export type KeepaliveEffect = 'ping' | 'no-pong' | 'too-old' | undefined

/** Pings of a session, the pongs that are awaited, and how old it may become. */
export class SessionKeepalive {
  readonly #intervalMs: number
  readonly #timeoutMs: number
  readonly #endsAtMs: number
  #state: KeepaliveState

  /** `spread`, from 0 up to 1, is by how much the first ping comes sooner, and the end: those that came together do not leave together. */
  constructor(options: ResolvedSessionOptions, nowMs: number, spread: number) {
    const { pingIntervalMs, pongTimeoutMs, maxLifetimeMs } = options
    this.#intervalMs = pingIntervalMs === 0 ? Number.POSITIVE_INFINITY : pingIntervalMs
    this.#timeoutMs = pongTimeoutMs
    this.#endsAtMs = maxLifetimeMs === 0 ? Number.POSITIVE_INFINITY : nowMs + maxLifetimeMs * (1 - spread / 10)
    // Half of it at most, lest sessions that are short were pinged at once.
    this.#state = { phase: 'quiet', pingAtMs: nowMs + this.#intervalMs * (1 - spread / 2) }
  }

  /** When something is to be done. */
  get deadlineMs(): number {
    return Math.min(this.#nextMs, this.#endsAtMs)
  }

  /** Time goes by. */
  tick(nowMs: number): KeepaliveEffect {
    if (nowMs >= this.#endsAtMs) return 'too-old'
    if (nowMs < this.#nextMs) return undefined
    if (this.#state.phase === 'awaiting-pong') return 'no-pong'
    this.#state = { phase: 'awaiting-pong', pingedAtMs: nowMs }
    return 'ping'
  }

  /** The client answered. */
  pong(): void {
    if (this.#state.phase === 'quiet') return
    this.#state = { phase: 'quiet', pingAtMs: this.#state.pingedAtMs + this.#intervalMs }
  }

  get #nextMs(): number {
    return this.#state.phase === 'quiet' ? this.#state.pingAtMs : this.#state.pingedAtMs + this.#timeoutMs
  }
}
