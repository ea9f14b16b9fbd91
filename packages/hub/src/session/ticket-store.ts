import { checkNumberOption } from '../broker/history-options.ts'
import { HubError } from '../error/hub-error.ts'
import type { Credentials } from './credentials.ts'

/**
 * Keeps what tickets stand for until they are used. One that several hubs share makes a ticket good at each of them. Every
 * implementation passes the contract suite of `@wigwag/hub/testing`. Methods reject with `HubError` `ERR_TICKETS_UNAVAILABLE`
 * when the store cannot be reached; then nobody knows whether something was done.
 */
export interface TicketStore {
  /** Keeps `credentials` under `key`, which is never used again, for `ttlMs`. Rejects when it has no room. */
  put(key: string, credentials: Credentials, ttlMs: number): Promise<void>
  /** Takes them out, in one step: of several who ask at once exactly one gets them. Nothing when they are not there any more. */
  take(key: string): Promise<Credentials | undefined>
}

/** Most tickets that a memory store keeps, unless it is told otherwise (count). */
const DEFAULT_MAX_TICKETS = 100_000

interface Kept {
  readonly credentials: Credentials
  readonly expiresAtMs: number
}

/** Tickets of one process. */
export class MemoryTicketStore implements TicketStore {
  readonly #nowMs: () => number
  readonly #maxTickets: number
  readonly #kept = new Map<string, Kept>()

  /**
   * `nowMs` is a clock that nobody sets back. `maxTickets` (default 100,000) is how many may wait for use at once: above
   * it `put` rejects. Throws `HubError` `ERR_OPTION` unless that is a whole number from 1 up.
   */
  constructor(nowMs: () => number, maxTickets: number = DEFAULT_MAX_TICKETS) {
    checkNumberOption('maxTickets', maxTickets, 1)
    this.#nowMs = nowMs
    this.#maxTickets = maxTickets
  }

  /** How many are kept. */
  get size(): number {
    return this.#kept.size
  }

  /** Rejects with `HubError` `ERR_TICKET_LIMIT` when there are as many as there may be. */
  async put(key: string, credentials: Credentials, ttlMs: number): Promise<void> {
    this.#forgetExpired()
    // Throwing out somebody else's would let one who asks for many keep others out.
    if (this.#kept.size >= this.#maxTickets) {
      throw new HubError(
        'ERR_TICKET_LIMIT',
        `${this.#maxTickets} tickets wait for use; raise maxTickets, or try again.`,
      )
    }
    this.#kept.set(key, { credentials, expiresAtMs: this.#nowMs() + ttlMs })
  }

  async take(key: string): Promise<Credentials | undefined> {
    const kept = this.#kept.get(key)
    if (kept === undefined) return undefined
    this.#kept.delete(key)
    return kept.expiresAtMs > this.#nowMs() ? kept.credentials : undefined
  }

  /** The oldest come first, and whoever issues tickets gives all the same time: so it stops at the first that lasts. */
  #forgetExpired(): void {
    for (const [key, { expiresAtMs }] of this.#kept) {
      if (expiresAtMs > this.#nowMs()) return
      this.#kept.delete(key)
    }
  }
}
