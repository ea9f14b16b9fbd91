import type { ClientInfo, PresenceStats, PresenceStore } from '@wigwag/hub'
import { type PresenceKeys, presenceKeys } from './presence-keys.ts'
import {
  addPresenceScripts,
  type PresenceRedis,
  runAdd,
  runExpire,
  runPresence,
  runRemove,
  runStats,
  type StoredSession,
} from './presence-scripts.ts'
import { RedisLine } from './redis-line.ts'
import { type RedisPresenceStoreOptions, resolveRedisPresenceStoreOptions } from './redis-presence-options.ts'
import { decodeStoredInfo, encodeStoredInfo } from './stored-info.ts'

/**
 * Presence on Redis 7 or later: hubs on many nodes share who is in which channel. Each method is one script; who has
 * expired is decided by the clock of Redis alone. It connects when it is asked for the first time. While Redis is away
 * every method rejects at once with `HubError` `ERR_PRESENCE_UNAVAILABLE`; nothing is queued or done later.
 */
export class RedisPresenceStore implements PresenceStore {
  readonly #line: RedisLine<PresenceRedis>
  readonly #prefix: string
  readonly #lifetime: { readonly ttlMs: number; readonly retentionMs: number }
  #malformed = 0

  /** Throws `HubError` `ERR_OPTION` for an option out of range. */
  constructor(options: RedisPresenceStoreOptions = {}) {
    const { presenceTtlMs, retentionMs, ...line } = resolveRedisPresenceStoreOptions(options)
    this.#line = new RedisLine(line, 'ERR_PRESENCE_UNAVAILABLE', addPresenceScripts)
    this.#prefix = line.prefix
    this.#lifetime = { ttlMs: presenceTtlMs, retentionMs }
  }

  /** Sessions passed over because no store had written what Redis has of them (count). */
  get malformed(): number {
    return this.#malformed
  }

  async add(channel: string, info: ClientInfo): Promise<boolean> {
    const keys = this.#keysOf(channel)
    const session: StoredSession = [info.client, encodeStoredInfo(info)]
    return this.#line.ask((redis) => runAdd(redis, keys, session, this.#lifetime))
  }

  async remove(channel: string, client: string): Promise<boolean> {
    const keys = this.#keysOf(channel)
    return this.#line.ask((redis) => runRemove(redis, keys, client))
  }

  async presence(channel: string): Promise<ReadonlyMap<string, ClientInfo>> {
    const keys = this.#keysOf(channel)
    const seen = new Map<string, ClientInfo>()
    for (const session of await this.#line.ask((redis) => runPresence(redis, keys))) {
      const info = this.#decode(session)
      if (info !== undefined) seen.set(info.client, info)
    }
    return seen
  }

  async stats(channel: string): Promise<PresenceStats> {
    const keys = this.#keysOf(channel)
    return this.#line.ask((redis) => runStats(redis, keys))
  }

  async expire(channel: string): Promise<readonly ClientInfo[]> {
    const keys = this.#keysOf(channel)
    const expired: ClientInfo[] = []
    for (let isFirst = true; ; isFirst = false) {
      const run = this.#line.ask((redis) => runExpire(redis, keys))
      // Those who were taken already must be told of; the others stay for the next time.
      const { taken, mayHaveMore } = await (isFirst ? run : run.catch(() => NOBODY))
      for (const session of taken) {
        const info = this.#decode(session)
        if (info !== undefined) expired.push(info)
      }
      if (!mayHaveMore) return expired
    }
  }

  /** Ends the connection. Sessions stay in Redis until they expire. */
  async close(): Promise<void> {
    this.#line.close()
  }

  #keysOf(channel: string): PresenceKeys {
    return presenceKeys(this.#prefix, channel)
  }

  #decode([client, stored]: StoredSession): ClientInfo | undefined {
    try {
      return decodeStoredInfo(client, stored)
    } catch {
      this.#malformed++
      return undefined
    }
  }
}

const NOBODY = { taken: [], mayHaveMore: false } as const
