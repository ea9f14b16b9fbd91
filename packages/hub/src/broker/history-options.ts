import { HubError } from '../error/hub-error.ts'

/** How much of a channel's stream is retained. Whatever is over any of the limits goes, oldest first. */
export interface HistoryOptions {
  /** Most publications retained (count). Default 100. 0 keeps no history: publications carry no position. */
  readonly size?: number
  /** How long a publication is retained, in milliseconds. Default 300,000 (five minutes). */
  readonly ttlMs?: number
  /** Most bytes of data retained in one channel. Default 4 MiB. */
  readonly maxBytes?: number
}

/** What a memory broker is bounded by. */
export interface MemoryBrokerOptions {
  readonly history?: HistoryOptions
  /** Most bytes of data retained in all channels together. Default 256 MiB. Above it the history of the channel that was unused longest goes. */
  readonly maxTotalBytes?: number
  /** Most channels kept at once (count). Default 10,000. Above it idle ones are forgotten, the longest unused first; with none idle, `ERR_CHANNEL_LIMIT`. */
  readonly maxChannels?: number
  /** How long an idempotency key is remembered, in milliseconds. Default 300,000 (five minutes). After that it is a new one. */
  readonly idempotencyTtlMs?: number
  /** Most idempotency keys remembered at once (count). Default 100,000. Above it the oldest is forgotten. */
  readonly maxIdempotencyKeys?: number
}

/** `MemoryBrokerOptions` with every default filled in. */
export interface ResolvedMemoryBrokerOptions {
  readonly history: Required<HistoryOptions>
  readonly maxTotalBytes: number
  readonly maxChannels: number
  readonly idempotencyTtlMs: number
  readonly maxIdempotencyKeys: number
}

const DEFAULTS = {
  size: 100,
  ttlMs: 300_000,
  maxBytes: 4 * 1024 * 1024,
  maxTotalBytes: 256 * 1024 * 1024,
  maxChannels: 10_000,
  idempotencyTtlMs: 300_000,
  maxIdempotencyKeys: 100_000,
} as const

/** Fills in the defaults. Throws `HubError` `ERR_OPTION` that names the option and what it takes. */
export function resolveMemoryBrokerOptions(options: MemoryBrokerOptions): ResolvedMemoryBrokerOptions {
  const { maxTotalBytes = DEFAULTS.maxTotalBytes, maxChannels = DEFAULTS.maxChannels } = options
  const { idempotencyTtlMs = DEFAULTS.idempotencyTtlMs, maxIdempotencyKeys = DEFAULTS.maxIdempotencyKeys } = options
  checkNumberOption('maxTotalBytes', maxTotalBytes, 1)
  checkNumberOption('maxChannels', maxChannels, 1)
  checkNumberOption('idempotencyTtlMs', idempotencyTtlMs, 1)
  checkNumberOption('maxIdempotencyKeys', maxIdempotencyKeys, 1)
  const history = resolveHistoryOptions(options.history ?? {})
  return { history, maxTotalBytes, maxChannels, idempotencyTtlMs, maxIdempotencyKeys }
}

/** Fills in the defaults, as every broker has them. Throws `HubError` `ERR_OPTION` that names the option and what it takes. */
export function resolveHistoryOptions(options: HistoryOptions): Required<HistoryOptions> {
  const { size = DEFAULTS.size, ttlMs = DEFAULTS.ttlMs, maxBytes = DEFAULTS.maxBytes } = options
  checkNumberOption('history.size', size, 0)
  checkNumberOption('history.ttlMs', ttlMs, 1)
  checkNumberOption('history.maxBytes', maxBytes, 1)
  return { size, ttlMs, maxBytes }
}

/** Throws `HubError` `ERR_OPTION` unless `value` is a whole number from `lowest` up. */
export function checkNumberOption(name: string, value: number, lowest: number): void {
  if (Number.isSafeInteger(value) && value >= lowest) return
  throw new HubError('ERR_OPTION', `Option ${name} must be a whole number from ${lowest} up; it is ${String(value)}.`)
}
