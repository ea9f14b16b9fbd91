import type { Json } from '@wigwag/protocol'
import type { PublicationCheck } from './check-by.ts'
import type { OfflineQueueOptions } from './command/offline-queue.ts'
import type { GetToken } from './connection/token-holder.ts'
import type { Environment } from './environment/environment.ts'
import { hostEnvironment } from './environment/host-environment.ts'
import { checkNumber } from './error/check-number.ts'
import { ClientError } from './error/client-error.ts'
import type { Transport } from './transport/transport.ts'
import { webSocket } from './transport/websocket.ts'

/** How a client connects, and how long it has patience. */
export interface ClientOptions {
  /** A token that there is already. With `getToken` too it is used until the hub says that it is too old. */
  readonly token?: string
  /** Asked for a token when one is needed. `null`: nobody is logged in. What it throws is tried again later. */
  readonly getToken?: GetToken<object>
  /** What the application's `authenticate` is told of the client. */
  readonly data?: Json
  /** Name and version of the program, for `authenticate` and logs. Default none. */
  readonly name?: string
  readonly version?: string
  /** Ways to the hub, the best first: the next is tried when one gets no connection. Default: WebSocket alone. */
  readonly transports?: readonly Transport[]
  /**
   * How long to stay with a transport that is not the first before those above it are tried, in milliseconds: between half of it and
   * all, and twice that each time, up to an hour. Default 60,000.
   */
  readonly moveUpDelayMs?: number
  /** Shortest wait before another attempt, in milliseconds. Default 500. */
  readonly minDelayMs?: number
  /** Longest wait before another attempt, in milliseconds. Default 20,000. */
  readonly maxDelayMs?: number
  /** What the hub may ask to wait at most before another attempt, in milliseconds. Default 5 minutes. */
  readonly maxAdvisedDelayMs?: number
  /** For `getToken`, and then for a connection that the hub has let in, in milliseconds. Above it: the next attempt. Default 10,000. */
  readonly connectTimeoutMs?: number
  /** Silence beyond the interval of the hub's pings, in milliseconds. Above it the connection is suspect. Default 10,000. */
  readonly maxPingDelayMs?: number
  /** For a sign of life of a suspect connection, in milliseconds. Above it: the next attempt. Default 2000. */
  readonly probeTimeoutMs?: number
  /** For the answer to a command, the wait for a connection included, in milliseconds. Above it: `ERR_TIMEOUT`. Default 5000. */
  readonly timeoutMs?: number
  /** Publications that an iterator holds for its loop (count). Above it: `ERR_BUFFER_FULL`. Default 1000. */
  readonly maxBufferedPublications?: number
  /** Asked of every publication, before handlers: what does not fit is told as event `error`. See `checkBy`. Default: nothing. */
  readonly check?: PublicationCheck
  /** Keeps what is published while there is no connection, and sends it when there is one: each is stored once. Default: off. */
  readonly offlineQueue?: OfflineQueueOptions
  /** Time, chance, device and page. Default: those of the host. */
  readonly environment?: Environment
}

/** With every default filled in. */
export type ResolvedClientOptions = Required<Omit<ClientOptions, Optional>> & Pick<ClientOptions, Optional>

type Optional = 'token' | 'getToken' | 'data' | 'name' | 'version' | 'check' | 'offlineQueue'

const DEFAULTS = {
  moveUpDelayMs: 60_000,
  minDelayMs: 500,
  maxDelayMs: 20_000,
  maxAdvisedDelayMs: 300_000,
  connectTimeoutMs: 10_000,
  maxPingDelayMs: 10_000,
  probeTimeoutMs: 2000,
  timeoutMs: 5000,
  maxBufferedPublications: 1000,
} as const

/** Fills in defaults. Throws `ClientError` `ERR_OPTION` for a number that is none, or below 1. */
export function resolveClientOptions(options: ClientOptions): ResolvedClientOptions {
  const resolved = {
    ...DEFAULTS,
    ...options,
    transports: options.transports ?? [webSocket()],
    environment: options.environment ?? hostEnvironment(),
  }
  for (const name of Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]) checkNumber(name, resolved[name])
  if (resolved.transports.length === 0) throw new ClientError('ERR_OPTION', 'transports must name one at least.')
  return resolved
}
