import type { ConnectResult, SubRefreshResult } from '@wigwag/protocol'
import type { BoardSession } from './board-session.ts'

/** What is needed to know whose turn it is. */
export interface BoardCredentialsHost {
  readonly nowMs: () => number
  readonly after: (delayMs: number, run: () => void) => () => void
  /** The tabs that were let in. */
  sessions(): readonly BoardSession[]
}

/** How long one tab has for a new token before another is asked, in milliseconds. Hubs have patience for 25 s. */
const PATIENCE_MS = 5000

/** For how long the hub has let the tabs in: one of them is told, and renews it; another, when that one does not. */
export class BoardCredentials {
  readonly #host: BoardCredentialsHost
  #holder: BoardSession | undefined
  #expiresAtMs = Number.POSITIVE_INFINITY
  /** Who was asked in vain. */
  readonly #asked = new Set<BoardSession>()
  #cancel = (): void => {}

  constructor(host: BoardCredentialsHost) {
    this.#host = host
  }

  /** What a tab is told that comes later: whether it is its turn. */
  resultFor(session: BoardSession, { expires: _expires, ttl: _ttl, ...result }: ConnectResult): ConnectResult {
    if (this.#expiresAtMs === Number.POSITIVE_INFINITY || this.#holder !== undefined) return result
    this.#holder = session
    this.#watch()
    return { ...result, expires: true, ttl: this.#ttl() }
  }

  /** The hub says for how long; `session` knows, and is to renew it. */
  holds(session: BoardSession | undefined, { expires, ttl = 0 }: SubRefreshResult): void {
    this.stop()
    if (!expires) return
    this.#holder = session
    this.#expiresAtMs = this.#host.nowMs() + ttl * 1000
    this.#watch()
  }

  /** The hub has changed it by itself. */
  changed(result: SubRefreshResult): void {
    const holder = this.#holder?.isOpen ? this.#holder : this.#host.sessions()[0]
    this.holds(holder, result)
    holder?.push({ push: { refresh: result } })
  }

  /** A tab has gone. */
  left(session: BoardSession): void {
    this.#asked.delete(session)
    if (this.#holder !== session) return
    this.#holder = undefined
    this.#askNext()
  }

  /** There is no connection any more. */
  stop(): void {
    this.#cancel()
    this.#cancel = () => {}
    this.#holder = undefined
    this.#asked.clear()
    this.#expiresAtMs = Number.POSITIVE_INFINITY
  }

  #ttl(): number {
    return Math.max(0, Math.floor((this.#expiresAtMs - this.#host.nowMs()) / 1000))
  }

  #watch(): void {
    this.#cancel()
    const delayMs = Math.max(0, this.#expiresAtMs - this.#host.nowMs()) + PATIENCE_MS
    this.#cancel = this.#host.after(delayMs, () => {
      // Timers wait for 24 days at most.
      if (this.#host.nowMs() < this.#expiresAtMs) this.#watch()
      else this.#askNext()
    })
  }

  #askNext(): void {
    if (this.#holder !== undefined) this.#asked.add(this.#holder)
    const next = this.#host.sessions().find((each) => !this.#asked.has(each))
    this.#holder = next
    next?.push({ push: { refresh: { expires: true, ttl: this.#ttl() } } })
    if (next === undefined) this.#cancel()
    else this.#watch()
  }
}
