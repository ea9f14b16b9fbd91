import { channelTag } from './channel-keys.ts'

/**
 * The names that the presence of one channel has in Redis. All hash to one slot, because a script works on them together.
 * While there is a session there are all three; a channel that lacks one, in a Redis that evicts keys, has none.
 */
export interface PresenceKeys {
  /** Hash: what is known of each session, by its id (`encodeStoredInfo`). */
  readonly infos: string
  /** Sorted set: session ids by when they expire, in milliseconds since 1970 by the clock of Redis. */
  readonly expiries: string
  /** Hash: how many sessions each user has, expired ones included, by the user's id as JSON. */
  readonly users: string
}

/** The names of a channel's presence. `prefix` has no braces. */
export function presenceKeys(prefix: string, channel: string): PresenceKeys {
  const tag = `${channelTag(prefix, channel)}:presence`
  return { infos: tag, expiries: `${tag}:expiries`, users: `${tag}:users` }
}
