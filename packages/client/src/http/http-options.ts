import { resolveOptions } from '../resolve-options.ts'

/** How plain requests are made. */
export interface HttpTransportOptions {
  /** What makes them. Default: the global `fetch`. */
  readonly fetch?: (url: URL, init: RequestInit) => Promise<Response>
  /** `'include'` sends cookies to a hub of another origin, which has to list this one. Default `'same-origin'`. */
  readonly credentials?: RequestCredentials
  /** Body of one request, in bytes. What is more goes with the next; one packet always goes. Default 61,440: hubs take 65,536. */
  readonly maxRequestBytes?: number
  /** What waits to be sent, in bytes. Above it the connection ends with `sendFailed`. Default 1 MiB. */
  readonly maxQueuedBytes?: number
  /** For the answer to what was sent, in milliseconds. Above it the connection ends with `sendFailed`. Default 10,000. */
  readonly sendTimeoutMs?: number
}

/** With every default filled in. */
export type ResolvedHttpOptions = Required<Omit<HttpTransportOptions, 'fetch'>> & Pick<HttpTransportOptions, 'fetch'>

const DEFAULTS = {
  maxRequestBytes: 61_440,
  maxQueuedBytes: 1_048_576,
  sendTimeoutMs: 10_000,
} as const

/** Fills in defaults. Throws `ClientError` `ERR_OPTION` for a number that is none, or below 1. */
export function resolveHttpOptions(options: HttpTransportOptions): ResolvedHttpOptions {
  return { credentials: 'same-origin', ...resolveOptions(DEFAULTS, options) }
}
