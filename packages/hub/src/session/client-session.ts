import type { Disconnect, Json } from '@wigwag/protocol'
import type { ServerSubscriptionOptions } from './server-subscription.ts'

/** A session as the application sees it: one connected client. */
export interface ClientSession {
  /** Its id, unique in the cluster. */
  readonly client: string
  /** The user's id; empty for who is anonymous. */
  readonly user: string
  /** What others see of the user. */
  readonly info: Json | undefined
  /** What `authenticate` said of the session for the application alone. */
  readonly meta: Json | undefined
  /** What carries it, as in `'websocket'`. */
  readonly transport: string
  /** The client's address; empty where there is none. */
  readonly remoteAddress: string
  /** The channels that it is subscribed to. */
  readonly channels: readonly string[]
  /** Sends a message that is for no channel. Returns false when the session has ended. */
  send(data: Json): boolean
  /** Subscribes it to a channel, whatever the namespace's permission; does nothing when it is. Throws `HubError` `ERR_CHANNEL_NAME` or `ERR_NAMESPACE`. */
  subscribe(channel: string, options?: ServerSubscriptionOptions): void
  /** Ends a subscription. Default code 2000: the client does not subscribe again by itself. */
  unsubscribe(channel: string, code?: number, reason?: string): void
  /** Ends the session. Default: 3503, the client does not come back. */
  disconnect(disconnect?: Disconnect): void
  /** Its credentials hold until `expiresAt`, in milliseconds since 1970; for ever when that is left out. The client is told. */
  refresh(expiresAt?: number): void
}
