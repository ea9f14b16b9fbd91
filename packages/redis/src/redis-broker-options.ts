import { type BrokerStatus, checkNumberOption, type HistoryOptions, resolveHistoryOptions } from '@wigwag/hub'
import {
  invalidOption,
  LONGEST_TIMER_MS,
  type RedisLineOptions,
  type ResolvedRedisLineOptions,
  resolveRedisLineOptions,
} from './redis-line-options.ts'

/** How a hub uses Redis. All nodes that share channels share `prefix` and `history`. */
export interface RedisBrokerOptions extends RedisLineOptions {
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
  /** Told when Redis goes away and when it is back. */
  readonly onStatus?: (status: BrokerStatus) => void
}

/** `RedisBrokerOptions` with every default filled in. */
export type ResolvedRedisBrokerOptions = ResolvedRedisLineOptions &
  Required<Omit<RedisBrokerOptions, 'history'>> & {
    readonly history: Required<HistoryOptions>
  }

const DEFAULTS = {
  positionTtlMs: 2_592_000_000, // 30 days
  idempotencyTtlMs: 300_000,
  bridge: 'none',
  lingerMs: 5000,
  maxChannels: 100_000,
  onStatus: () => {},
} as const

/** The lowest value that each number takes. */
const LOWEST = {
  positionTtlMs: 1,
  idempotencyTtlMs: 1,
  lingerMs: 0,
  maxChannels: 1,
} as const

/** Fills in the defaults. Throws `HubError` `ERR_OPTION` that names the option and what it takes. */
export function resolveRedisBrokerOptions(options: RedisBrokerOptions): ResolvedRedisBrokerOptions {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const resolved: ResolvedRedisBrokerOptions = {
    ...DEFAULTS,
    ...given,
    ...resolveRedisLineOptions(options),
    history: resolveHistoryOptions(options.history ?? {}),
  }
  const { bridge } = resolved
  const isPatterns = Array.isArray(bridge) && bridge.every((each) => typeof each === 'string' && each !== '')
  if (bridge !== 'none' && bridge !== 'all' && !isPatterns) {
    throw invalidOption('bridge', "be 'none', 'all' or an array of patterns")
  }
  for (const [name, lowest] of Object.entries(LOWEST)) {
    checkNumberOption(name, resolved[name as keyof typeof LOWEST], lowest)
  }
  if (resolved.lingerMs > LONGEST_TIMER_MS) throw invalidOption('lingerMs', `be at most ${LONGEST_TIMER_MS}`)
  if (resolved.positionTtlMs < resolved.history.ttlMs) {
    throw invalidOption('positionTtlMs', 'not be below history.ttlMs: a stream would forget its end')
  }
  return resolved
}
