import { type OfflineQueueOptions, offlineQueue } from './command/offline-queue.ts'
import { askedTokens, type GetToken } from './connection/asked-tokens.ts'
import { severalTransports } from './connection/several-transports.ts'
import type { CreateTokens } from './connection/tokens.ts'
import type { CoreClientOptions } from './core-options.ts'
import { pageEnvironment } from './environment/page-environment.ts'
import { diagnosed } from './http/diagnosis.ts'
import { faultsBy, type PublicationCheck } from './publication/faults-by.ts'
import { advised } from './reason/advice.ts'
import { resolveOptions } from './resolve-options.ts'
import { sharedLater } from './shared-later.ts'
import { serverChannels } from './subscription/server-subscriptions.ts'
import type { ShareOptions } from './tabs/shared.ts'
import { assertTransports } from './transport/assert-transports.ts'
import type { Transport } from './transport/transport.ts'
import { webSocket } from './transport/websocket.ts'

/** How a client connects, how long it has patience, and what it does beside. */
export interface ClientOptions
  extends Omit<CoreClientOptions, 'transport' | 'token' | 'faultOf' | 'offlineQueue' | 'serverChannels' | 'advise'> {
  /** Ways to the hub, the best first: the next is tried when one gets no connection. Default: WebSocket alone. */
  readonly transports?: readonly Transport[]
  /** A token that there is already. With `getToken` too it is used until the hub says that it is too old, or until the client is ended. */
  readonly token?: string
  /** Asked for a token when one is needed. `null`: nobody is logged in. What it throws is tried again later. */
  readonly getToken?: GetToken<object>
  /** Publications that an iterator holds for its loop (count). Above it: `ERR_BUFFER_FULL`. Default 1000. */
  readonly maxBufferedPublications?: number
  /** Asked of every publication, before handlers: what does not fit is told as event `error`. See `checkBy`. Default: nothing. */
  readonly check?: PublicationCheck
  /** Keeps what is published while there is no connection, and sends it when there is one: each is stored once. Default: off. */
  readonly offlineQueue?: OfflineQueueOptions
  /**
   * One connection for all tabs of this origin that are for the same hub and user: in a shared worker, else in one of the tabs. An
   * object says who the user is, and how much is kept. Where there are no tabs, as in Node, the connection is its own. Default false.
   */
  readonly share?: boolean | ShareOptions
}

const DEFAULTS = { maxBufferedPublications: 1000 } as const

/** How many publications a loop has held for it. Throws `ClientError` `ERR_OPTION` for a number that is none, or below 1. */
export function maxBufferedOf(options: ClientOptions): number {
  return resolveOptions(DEFAULTS, options).maxBufferedPublications
}

/** The options of a core that has everything. */
export function coreOptionsOf({
  token,
  getToken,
  check,
  offlineQueue: queue,
  share,
  transports = [webSocket()],
  ...options
}: ClientOptions): CoreClientOptions {
  assertTransports(transports)
  const by = tokenOf({ token, getToken })
  if (typeof share === 'object') {
    const { as: _user, ...limits } = share
    // Whoever serves tabs has the defaults: it is loaded later.
    resolveOptions(limits as Readonly<Record<string, number>>, limits, 'share.')
  }
  return {
    ...options,
    ...(by !== undefined && { token: by }),
    ...(check && { faultOf: faultsBy(check) }),
    ...(queue && { offlineQueue: offlineQueue(queue) }),
    transport: severalTransports(
      share ? [sharedLater({ ...options, transports, ...(share as ShareOptions) })] : transports,
      diagnosed,
    ),
    environment: options.environment ?? pageEnvironment(),
    serverChannels,
    advise: advised,
  }
}

/** A token, or whom to ask for one. */
export function tokenOf<Context>({
  token,
  getToken,
}: {
  readonly token?: string | undefined
  readonly getToken?: GetToken<Context> | undefined
}): string | CreateTokens | undefined {
  return getToken === undefined ? token : askedTokens({ token, getToken })
}
