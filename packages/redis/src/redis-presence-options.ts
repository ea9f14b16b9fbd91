import { checkNumberOption, type PresenceStoreOptions, resolvePresenceStoreOptions } from '@wigwag/hub'
import { type RedisLineOptions, type ResolvedRedisLineOptions, resolveRedisLineOptions } from './redis-line-options.ts'

/** How presence is kept in Redis. All nodes that share channels share `prefix` and `presenceTtlMs`. */
export interface RedisPresenceStoreOptions extends RedisLineOptions, PresenceStoreOptions {
  /**
   * How long sessions that expired wait for a node that tells their leave, at least, in milliseconds, counted from when the
   * last of their channel did. Default 3,600,000 (an hour). After that the channel is gone from Redis, and nobody tells.
   */
  readonly retentionMs?: number
}

const DEFAULTS = {
  retentionMs: 3_600_000,
} as const

/** Fills in the defaults. Throws `HubError` `ERR_OPTION` that names the option and what it takes. */
export function resolveRedisPresenceStoreOptions(
  options: RedisPresenceStoreOptions,
): ResolvedRedisLineOptions & Required<RedisPresenceStoreOptions> {
  const { retentionMs = DEFAULTS.retentionMs } = options
  checkNumberOption('retentionMs', retentionMs, 1)
  return { ...resolveRedisLineOptions(options), ...resolvePresenceStoreOptions(options), retentionMs }
}
