import type { Json } from '@wigwag/protocol'
import type { CreateQueue } from './command/offline-queue.ts'
import type { ChooseTransport } from './connection/connection.ts'
import type { CreateTokens } from './connection/tokens.ts'
import type { Environment } from './environment/environment.ts'
import { hostEnvironment } from './environment/host-environment.ts'
import type { FaultOf } from './publication/faults-by.ts'
import type { CloseReason } from './reason/close-reason.ts'
import { resolveOptions } from './resolve-options.ts'
import type { ServerChannels, ServerChannelsHost } from './subscription/server-subscriptions.ts'
import type { Transport } from './transport/transport.ts'
import { webSocket } from './transport/websocket.ts'

/** How a client connects, and how long it has patience. */
export interface CoreClientOptions {
  /** A token, or what `askedTokens` makes: whom to ask for one. Default none. */
  readonly token?: string | CreateTokens
  /** What the application's `authenticate` is told of the client. */
  readonly data?: Json
  /** Name and version of the program, for `authenticate` and logs. Default none. */
  readonly name?: string
  readonly version?: string
  /** The way to the hub; or what `severalTransports` makes of several. Default: `webSocket()`. */
  readonly transport?: Transport | ChooseTransport
  /**
   * How long to stay with a transport that is not the first before those above it are tried, in milliseconds: between half of it and
   * all, and twice that each time, up to an hour; 5000 at most where one of them has let this client in before. Default 60,000.
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
  /** Says what is wrong with a publication, as what `faultsBy` makes: it is told as event `error`, to no handler. Default: nothing. */
  readonly faultOf?: FaultOf
  /** What `offlineQueue` makes: keeps what is published while there is no connection. Default: none. */
  readonly offlineQueue?: CreateQueue
  /** `serverChannels`: tells of the channels that the server puts the session into. Default: they are passed over. */
  readonly serverChannels?: (host: ServerChannelsHost) => ServerChannels
  /** `advised`: what is to be done about each reason in particular. Default: what goes for all of its kind. */
  readonly advise?: (reason: CloseReason) => CloseReason
  /** Time and chance; with `pageEnvironment()` also what is known of device and network. Default: those of the host. */
  readonly environment?: Environment
}

/** With every default filled in, and what the environment lends beside. */
export type ResolvedCoreOptions = Environment &
  Required<Omit<CoreClientOptions, Optional | 'environment'>> &
  Pick<CoreClientOptions, Optional>

type Optional = 'token' | 'data' | 'name' | 'version' | 'faultOf' | 'offlineQueue' | 'serverChannels' | 'advise'

const DEFAULTS = {
  moveUpDelayMs: 60_000,
  minDelayMs: 500,
  maxDelayMs: 20_000,
  maxAdvisedDelayMs: 300_000,
  connectTimeoutMs: 10_000,
  maxPingDelayMs: 10_000,
  probeTimeoutMs: 2000,
  timeoutMs: 5000,
} as const

/** Fills in defaults. Throws `ClientError` `ERR_OPTION` for a number that is none, or below 1. */
export function resolveCoreOptions(options: CoreClientOptions): ResolvedCoreOptions {
  const { transport = webSocket(), environment = hostEnvironment() } = options
  return { ...environment, ...resolveOptions(DEFAULTS, options), transport }
}
