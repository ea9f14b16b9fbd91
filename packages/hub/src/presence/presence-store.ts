import type { ClientInfo } from '@wigwag/protocol'

/** How many are in a channel. */
export interface PresenceStats {
  /** Sessions (count). */
  readonly clients: number
  /** Different users among them (count); all who are anonymous are one. */
  readonly users: number
}

/**
 * Keeps who is in which channel, for every hub of a cluster. Who is not kept alive for the store's time to live is no
 * longer seen, but stays until `expire` returns it, so that its leave can be told. `add`, `remove` and `expire` are one
 * step each: whatever the order, every session comes in once for each time that it goes, and only one caller hears of
 * each. Every implementation passes the contract suite of `@wigwag/hub/testing`. Methods reject with `HubError`
 * `ERR_PRESENCE_UNAVAILABLE` when the store cannot be reached; then nobody knows whether something was done.
 */
export interface PresenceStore {
  /** Adds a session, or keeps it alive; what was known of it is replaced. Resolves with whether it is new. */
  add(channel: string, info: ClientInfo): Promise<boolean>
  /** Removes a session. Resolves with whether it was there, seen or not. */
  remove(channel: string, client: string): Promise<boolean>
  /** Who is in a channel, by session id. */
  presence(channel: string): Promise<ReadonlyMap<string, ClientInfo>>
  /** How many those are. */
  stats(channel: string): Promise<PresenceStats>
  /** Removes and returns who was not kept alive for the time to live, as when its hub died. */
  expire(channel: string): Promise<readonly ClientInfo[]>
  /** Lets everything go. */
  close(): Promise<void>
}
