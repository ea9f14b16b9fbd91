import { checkNumberOption, UsageError, withoutUndefined } from '../core/index.ts'
import type { AddressLimitNumbers } from './address-limits.ts'
import { AddressSet } from './address-set.ts'

/** What one client address may do. IPv6 addresses count by their /64. */
export interface AddressLimitOptions {
  /** Most connections of an address: open WebSockets, event streams, and requests that are being answered. Default 1,000. Above it: 429. */
  readonly maxConnections?: number
  /** Most requests and opening handshakes of an address per second. Default 100. Above it, and behind the burst: 429. */
  readonly maxRequestsPerSecond?: number
  /** How many of them may come at once after a pause. Default 500. */
  readonly maxBurst?: number
  /** Most addresses without connections that are remembered. Default 100,000. Above it the longest unused is forgotten. */
  readonly maxAddresses?: number
  /** Who is not limited: addresses, subnets, `'loopback'`; or `'any'` for nobody at all. Default `['loopback']`. */
  readonly exempt?: 'any' | readonly string[]
}

/** Who may come in, and as whom. */
export interface AdmissionOptions {
  /**
   * Our own proxies: addresses, subnets (`10.0.0.0/8`) and `'loopback'`. Only from them are `X-Forwarded-For` (the
   * client's address) and `X-Forwarded-Host` (its host) believed. Default: none.
   */
  readonly trustedProxies?: readonly string[]
  /** What one client address may do. */
  readonly addressLimits?: AddressLimitOptions
  /** Most connections in total: open WebSockets, event streams, and requests that are being answered. Default 100,000. Above it: 503. */
  readonly maxConnections?: number
}

/** `AdmissionOptions` with every default filled in. */
export interface ResolvedAdmissionOptions {
  readonly trustedProxies: AddressSet
  readonly addressLimits: AddressLimitNumbers & { readonly exempt: 'any' | AddressSet }
  readonly maxConnections: number
}

const DEFAULTS = { trustedProxies: [], maxConnections: 100_000 } as const
const ADDRESS_DEFAULTS = {
  maxConnections: 1000,
  maxRequestsPerSecond: 100,
  maxBurst: 500,
  maxAddresses: 100_000,
  exempt: ['loopback'],
} as const

/** Fills in the defaults. Throws `UsageError` `ERR_OPTION` that names the option and what it takes. */
export function resolveAdmissionOptions(options: AdmissionOptions): ResolvedAdmissionOptions {
  const { trustedProxies = DEFAULTS.trustedProxies, maxConnections = DEFAULTS.maxConnections } = options
  const { exempt, ...limits } = { ...ADDRESS_DEFAULTS, ...withoutUndefined(options.addressLimits ?? {}) }
  checkNumberOption('maxConnections', maxConnections, 1)
  for (const name of ['maxConnections', 'maxRequestsPerSecond', 'maxBurst', 'maxAddresses'] as const) {
    checkNumberOption(`addressLimits.${name}`, limits[name], 1)
  }
  return {
    trustedProxies: createSet('trustedProxies', trustedProxies),
    addressLimits: { ...limits, exempt: exempt === 'any' ? exempt : createSet('addressLimits.exempt', exempt) },
    maxConnections,
  }
}

function createSet(option: string, entries: readonly string[]): AddressSet {
  if (Array.isArray(entries)) return new AddressSet(option, entries)
  throw new UsageError('ERR_OPTION', `Option ${option} must be a list of addresses; it is ${String(entries)}.`)
}
