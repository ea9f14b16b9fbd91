import { type Credentials, HubError, type TicketStore } from '@wigwag/hub'
import { RedisLine } from './redis-line.ts'
import { type RedisLineOptions, resolveRedisLineOptions } from './redis-line-options.ts'
import { decodeStoredCredentials, encodeStoredCredentials } from './stored-credentials.ts'

/**
 * One-time tickets in Redis 6.2 or later: one that a node has issued is good on every node. It connects when it is asked for the
 * first time. While Redis is away both methods reject at once with `HubError` `ERR_TICKETS_UNAVAILABLE`; nothing is
 * queued or done later. How many wait for use is bounded by their time to live and by what Redis has room for.
 */
export class RedisTicketStore implements TicketStore {
  readonly #line: RedisLine
  readonly #prefix: string

  /** Throws `HubError` `ERR_OPTION` for an option out of range. */
  constructor(options: RedisLineOptions = {}) {
    const line = resolveRedisLineOptions(options)
    this.#line = new RedisLine(line, 'ERR_TICKETS_UNAVAILABLE', (redis) => redis)
    this.#prefix = `${line.prefix}:ticket:`
  }

  async put(key: string, credentials: Credentials, ttlMs: number): Promise<void> {
    const stored = encodeStoredCredentials(credentials)
    await this.#line.ask((redis) => redis.set(this.#prefix + key, stored, 'PX', ttlMs))
  }

  async take(key: string): Promise<Credentials | undefined> {
    const stored = await this.#line.ask((redis) => redis.getdel(this.#prefix + key))
    if (stored === null) return undefined
    try {
      return decodeStoredCredentials(stored)
    } catch (error) {
      throw new HubError('ERR_TICKETS_UNAVAILABLE', 'What Redis has for a ticket was not stored by Wigwag.', {
        cause: error,
      })
    }
  }

  /** Ends the connection. Tickets stay in Redis until their time is up. */
  async close(): Promise<void> {
    this.#line.close()
  }
}
