import { checkNumberOption, HubError } from '@wigwag/hub'
import type { RedisOptions } from 'ioredis'
import { redisOptionsOf } from './redis-url.ts'

/** How Redis is reached, and what is ours there. */
export interface RedisLineOptions {
  /**
   * Where Redis is: `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`, `rediss://…` for TLS, or
   * `redis+sentinel://HOST[:PORT],HOST[:PORT]/MASTER`. Default `redis://127.0.0.1:6379`.
   */
  readonly url?: string
  /** Anything else that the driver (ioredis) takes, such as `tls` or `sentinelPassword`. How it reconnects and queues is ours. */
  readonly client?: RedisOptions
  /** What every key and Redis channel begins with. Default `wigwag`. */
  readonly prefix?: string
  /** How long Redis may take to answer, in milliseconds. Default 5,000. After that the request fails: of a broker with `ERR_BROKER_UNAVAILABLE`. */
  readonly commandTimeoutMs?: number
  /** How often Redis is asked whether it is still there, in milliseconds. Default 5,000. One that does not answer in `commandTimeoutMs` is connected to anew. */
  readonly pingIntervalMs?: number
  /** Longest wait before connecting again, in milliseconds; it starts at 50 and doubles, with full jitter. Default 2,000. */
  readonly maxReconnectDelayMs?: number
}

/** `RedisLineOptions` with every default filled in. */
export type ResolvedRedisLineOptions = Required<RedisLineOptions>

const DEFAULTS = {
  url: 'redis://127.0.0.1:6379',
  client: {},
  prefix: 'wigwag',
  commandTimeoutMs: 5000,
  pingIntervalMs: 5000,
  maxReconnectDelayMs: 2000,
} as const

/** The highest value of what a timer waits for: above it, Node's fire at once. */
export const LONGEST_TIMER_MS: number = 2 ** 31 - 1

/** Fills in the defaults, and leaves every other option out. Throws `HubError` `ERR_OPTION` that names the option and what it takes. */
export function resolveRedisLineOptions(options: RedisLineOptions): ResolvedRedisLineOptions {
  const { url = DEFAULTS.url, client = DEFAULTS.client, prefix = DEFAULTS.prefix } = options
  const { commandTimeoutMs = DEFAULTS.commandTimeoutMs, pingIntervalMs = DEFAULTS.pingIntervalMs } = options
  const { maxReconnectDelayMs = DEFAULTS.maxReconnectDelayMs } = options
  const times = { commandTimeoutMs, pingIntervalMs, maxReconnectDelayMs }
  if (typeof url !== 'string') throw invalidOption('url', 'be a string')
  redisOptionsOf(url)
  if (typeof client !== 'object' || client === null) {
    throw invalidOption('client', "be an object of the driver's options")
  }
  // Braces would make another part of the key decide where it lies.
  if (typeof prefix !== 'string' || !/^[^{}\s]+$/.test(prefix)) {
    throw invalidOption('prefix', `have characters, but no braces and no white space; it is ${JSON.stringify(prefix)}`)
  }
  for (const [name, value] of Object.entries(times)) {
    checkNumberOption(name, value, 1)
    if (value > LONGEST_TIMER_MS) throw invalidOption(name, `be at most ${LONGEST_TIMER_MS}`)
  }
  return { url, client, prefix, ...times }
}

/** What is thrown for an option that is not what it must be. */
export function invalidOption(name: string, must: string): HubError {
  return new HubError('ERR_OPTION', `Option ${name} must ${must}.`)
}
