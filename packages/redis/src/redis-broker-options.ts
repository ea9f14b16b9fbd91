import { type BrokerStatus, checkNumberOption, type HistoryOptions, HubError, resolveHistoryOptions } from '@wigwag/hub'
import type { RedisOptions } from 'ioredis'
import { redisOptionsOf } from './redis-url.ts'

/** How a hub uses Redis. All nodes that share channels share `prefix` and `history`. */
export interface RedisBrokerOptions {
  /**
   * Where Redis is: `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`, `rediss://…` for TLS, or
   * `redis+sentinel://HOST[:PORT],HOST[:PORT]/MASTER`. Default `redis://127.0.0.1:6379`.
   */
  readonly url?: string
  /** Anything else that the driver (ioredis) takes, such as `tls` or `sentinelPassword`. How it reconnects and queues is the broker's. */
  readonly client?: RedisOptions
  /** What every key and Redis channel begins with. Default `wigwag`. */
  readonly prefix?: string
  readonly history?: HistoryOptions
  /** How long a channel's offset and epoch outlive its last use, in milliseconds. Default 30 days. After that its stream begins anew, with a new epoch. */
  readonly positionTtlMs?: number
  /** How long an idempotency key is remembered, in milliseconds. Default 300,000 (five minutes). After that it is a new one. */
  readonly idempotencyTtlMs?: number
  /**
   * Plain Redis channels whose messages reach the subscribers of the channel of the same name, at most once and without
   * a position: `'none'`, `'all'`, or patterns in which `*` stands for anything. Default `'none'`: who may publish in
   * Redis is not asked by `authorize`.
   */
  readonly bridge?: 'none' | 'all' | readonly string[]
  /** How long Redis goes on telling of a channel that its last subscriber has left, in milliseconds. Default 5,000. 0 ends it at once. */
  readonly lingerMs?: number
  /** Most channels subscribed to at once, lingering ones included (count). Default 100,000. Above it `ERR_CHANNEL_LIMIT`. */
  readonly maxChannels?: number
  /** How long Redis may take to answer, in milliseconds. Default 5,000. After that the request fails with `ERR_BROKER_UNAVAILABLE`. */
  readonly commandTimeoutMs?: number
  /** How often Redis is asked whether it is still there, in milliseconds. Default 5,000. One that does not answer in `commandTimeoutMs` is connected to anew. */
  readonly pingIntervalMs?: number
  /** Longest wait before connecting again, in milliseconds; it starts at 50 and doubles, with full jitter. Default 2,000. */
  readonly maxReconnectDelayMs?: number
  /** Told when Redis goes away and when it is back. */
  readonly onStatus?: (status: BrokerStatus) => void
}

/** `RedisBrokerOptions` with every default filled in. */
export type ResolvedRedisBrokerOptions = Required<Omit<RedisBrokerOptions, 'history'>> & {
  readonly history: Required<HistoryOptions>
}

const DEFAULTS = {
  url: 'redis://127.0.0.1:6379',
  client: {},
  prefix: 'wigwag',
  positionTtlMs: 2_592_000_000, // 30 days
  idempotencyTtlMs: 300_000,
  bridge: 'none',
  lingerMs: 5000,
  maxChannels: 100_000,
  commandTimeoutMs: 5000,
  pingIntervalMs: 5000,
  maxReconnectDelayMs: 2000,
  onStatus: () => {},
} as const

/** The lowest value that each number takes. */
const LOWEST = {
  positionTtlMs: 1,
  idempotencyTtlMs: 1,
  lingerMs: 0,
  maxChannels: 1,
  commandTimeoutMs: 1,
  pingIntervalMs: 1,
  maxReconnectDelayMs: 1,
} as const

/** The highest value of what a timer waits for: above it, Node's fire at once. */
const HIGHEST = {
  lingerMs: 2 ** 31 - 1,
  commandTimeoutMs: 2 ** 31 - 1,
  pingIntervalMs: 2 ** 31 - 1,
  maxReconnectDelayMs: 2 ** 31 - 1,
} as const

/** Fills in the defaults. Throws `HubError` `ERR_OPTION` that names the option and what it takes. */
export function resolveRedisBrokerOptions(options: RedisBrokerOptions): ResolvedRedisBrokerOptions {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const resolved: ResolvedRedisBrokerOptions = {
    ...DEFAULTS,
    ...given,
    history: resolveHistoryOptions(options.history ?? {}),
  }
  checkForms(resolved)
  for (const [name, lowest] of Object.entries(LOWEST)) {
    checkNumberOption(name, resolved[name as keyof typeof LOWEST], lowest)
  }
  for (const [name, highest] of Object.entries(HIGHEST)) {
    if (resolved[name as keyof typeof HIGHEST] > highest) throw invalid(name, `be at most ${highest}`)
  }
  if (resolved.positionTtlMs < resolved.history.ttlMs) {
    throw invalid('positionTtlMs', 'not be below history.ttlMs: a stream would forget its end')
  }
  return resolved
}

function checkForms({ url, client, prefix, bridge }: ResolvedRedisBrokerOptions): void {
  if (typeof url !== 'string') throw invalid('url', 'be a string')
  redisOptionsOf(url)
  if (typeof client !== 'object' || client === null) throw invalid('client', "be an object of the driver's options")
  // Braces would make another part of the key decide where it lies.
  if (typeof prefix !== 'string' || !/^[^{}\s]+$/.test(prefix)) {
    throw invalid('prefix', `have characters, but no braces and no white space; it is ${JSON.stringify(prefix)}`)
  }
  const isPatterns = Array.isArray(bridge) && bridge.every((each) => typeof each === 'string' && each !== '')
  if (bridge !== 'none' && bridge !== 'all' && !isPatterns) {
    throw invalid('bridge', "be 'none', 'all' or an array of patterns")
  }
}

function invalid(name: string, must: string): HubError {
  return new HubError('ERR_OPTION', `Option ${name} must ${must}.`)
}
