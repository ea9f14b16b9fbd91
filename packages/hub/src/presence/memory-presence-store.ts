import type { ClientInfo } from '@wigwag/protocol'
import { type PresenceStoreOptions, resolvePresenceStoreOptions } from './presence-options.ts'
import type { PresenceStats, PresenceStore } from './presence-store.ts'

/** What the host lends the memory store. */
export interface MemoryPresenceStorePorts {
  /** Milliseconds that never go back. */
  readonly now: () => number
}

interface Entry {
  readonly info: ClientInfo
  readonly expiresAtMs: number
}

/** The presence store of one process, lost when it ends. It takes room for sessions that are there, and no more. */
export class MemoryPresenceStore implements PresenceStore {
  readonly #ttlMs: number
  readonly #now: () => number
  /** Of each channel by session id, in the order in which they expire. */
  readonly #channels = new Map<string, Map<string, Entry>>()

  /** Throws `HubError` `ERR_OPTION` for an option out of range. */
  constructor(options: PresenceStoreOptions, ports: MemoryPresenceStorePorts) {
    this.#ttlMs = resolvePresenceStoreOptions(options).presenceTtlMs
    this.#now = ports.now
  }

  async add(channel: string, info: ClientInfo): Promise<boolean> {
    let entries = this.#channels.get(channel)
    if (entries === undefined) {
      entries = new Map()
      this.#channels.set(channel, entries)
    }
    const isNew = !entries.delete(info.client)
    entries.set(info.client, { info, expiresAtMs: this.#now() + this.#ttlMs })
    return isNew
  }

  async remove(channel: string, client: string): Promise<boolean> {
    const entries = this.#channels.get(channel)
    const wasThere = entries?.delete(client) ?? false
    if (entries?.size === 0) this.#channels.delete(channel)
    return wasThere
  }

  async presence(channel: string): Promise<ReadonlyMap<string, ClientInfo>> {
    const seen = new Map<string, ClientInfo>()
    const nowMs = this.#now()
    for (const { info, expiresAtMs } of this.#channels.get(channel)?.values() ?? []) {
      if (expiresAtMs > nowMs) seen.set(info.client, info)
    }
    return seen
  }

  async stats(channel: string): Promise<PresenceStats> {
    const seen = await this.presence(channel)
    const users = new Set<string>()
    for (const { user } of seen.values()) users.add(user)
    return { clients: seen.size, users: users.size }
  }

  async expire(channel: string): Promise<readonly ClientInfo[]> {
    const entries = this.#channels.get(channel)
    if (entries === undefined) return []
    const nowMs = this.#now()
    const expired: ClientInfo[] = []
    for (const [client, { info, expiresAtMs }] of entries) {
      if (expiresAtMs > nowMs) break
      entries.delete(client)
      expired.push(info)
    }
    if (entries.size === 0) this.#channels.delete(channel)
    return expired
  }

  async close(): Promise<void> {
    this.#channels.clear()
  }
}
