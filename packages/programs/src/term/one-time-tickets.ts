import { randomBytes } from 'node:crypto'

/** How long a page has from asking for a ticket to connecting with it, in milliseconds. */
const TTL_MS = 30_000
/** More than pages load in that time; above it the oldest is forgotten. */
const MAX_TICKETS = 1000

/** What a page that has been let in shows when it opens its WebSocket: good for one time and a short while, and no secret of anybody's. */
export class OneTimeTickets {
  /** Until when each is good, oldest first. Looked up, not compared: 128 random bits cannot be found by their time. */
  readonly #untilMs = new Map<string, { readonly user: string; readonly untilMs: number }>()

  issue(user: string, nowMs: number = performance.now()): string {
    for (const [ticket, { untilMs }] of this.#untilMs) {
      if (untilMs > nowMs && this.#untilMs.size < MAX_TICKETS) break
      this.#untilMs.delete(ticket)
    }
    const ticket = randomBytes(16).toString('base64url')
    this.#untilMs.set(ticket, { user, untilMs: nowMs + TTL_MS })
    return ticket
  }

  /** Whom it was issued to, if it is good; it is not from then on. */
  redeem(ticket: string, nowMs: number = performance.now()): string | undefined {
    const issued = this.#untilMs.get(ticket)
    this.#untilMs.delete(ticket)
    return issued !== undefined && issued.untilMs > nowMs ? issued.user : undefined
  }
}
