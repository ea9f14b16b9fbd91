import { createHash, randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { checkNumberOption } from '../broker/history-options.ts'
import type { Credentials } from '../session/credentials.ts'
import { MemoryTicketStore, type TicketStore } from '../session/ticket-store.ts'

/** How tickets are kept. */
export interface TicketsOptions {
  /** How long a ticket may wait for use, in milliseconds. Default 30,000. After that it is worth nothing. */
  readonly ticketTtlMs?: number
  /** Where they are kept. Default: in this process, at most 100,000 at once. */
  readonly store?: TicketStore
}

const DEFAULTS = { ticketTtlMs: 30_000 } as const

/** 256 bits, in base64url. */
const TICKET = /^[\w-]{43}$/

/**
 * One-time tickets, for what can send neither a header nor a cookie: a page asks your server for one, with whatever
 * proves who it is, and opens `…/channel/NAME?ticket=TICKET`. URLs end in logs; what ends there was used already.
 */
export class Tickets {
  readonly #ttlMs: number
  readonly #store: TicketStore
  /** One request is asked about more than once: may it subscribe, may it publish. */
  readonly #redeemed = new WeakMap<IncomingMessage, Promise<Credentials | undefined>>()

  /** Throws `HubError` `ERR_OPTION` that names the option and what it takes. */
  constructor({ ticketTtlMs = DEFAULTS.ticketTtlMs, store }: TicketsOptions = {}) {
    checkNumberOption('ticketTtlMs', ticketTtlMs, 1)
    this.#ttlMs = ticketTtlMs
    this.#store = store ?? new MemoryTicketStore(() => performance.now())
  }

  /** How long a ticket may wait for use, in milliseconds. */
  get ttlMs(): number {
    return this.#ttlMs
  }

  /** A ticket for somebody whom you know. Rejects when the store does, `HubError` `ERR_TICKET_LIMIT` of the one in memory among it. */
  async issue(credentials: Credentials): Promise<string> {
    const ticket = randomBytes(32).toString('base64url')
    await this.#store.put(keyOf(ticket), credentials, this.#ttlMs)
    return ticket
  }

  /**
   * Whose ticket a request brings as `?ticket=`, and uses it up: another request with it gets nothing, as does one
   * without. For `authorize` of a `ChannelEndpoint`, as often as that is asked about the request.
   */
  redeem(incoming: IncomingMessage): Promise<Credentials | undefined> {
    let redeemed = this.#redeemed.get(incoming)
    if (redeemed === undefined) {
      redeemed = this.#take(incoming.url ?? '')
      this.#redeemed.set(incoming, redeemed)
    }
    return redeemed
  }

  async #take(url: string): Promise<Credentials | undefined> {
    const start = url.indexOf('?')
    const given = start === -1 ? [] : new URLSearchParams(url.slice(start + 1)).getAll('ticket')
    const [ticket] = given
    if (given.length !== 1 || ticket === undefined || !TICKET.test(ticket)) return undefined
    return this.#store.take(keyOf(ticket))
  }
}

/** Whoever can read the store cannot use what is in it, and how long a look-up takes tells nothing of a ticket. */
function keyOf(ticket: string): string {
  return createHash('sha256').update(ticket).digest('base64url')
}
