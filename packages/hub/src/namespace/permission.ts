import type { Json } from '@wigwag/protocol'
import type { ChannelParts } from './channel-parts.ts'
import type { ApplicationRefusal } from './refuse.ts'

/** Who wants to do something in a channel. */
export interface PermissionQuestion<Data = Json> {
  /** The user's id; empty for who is anonymous. */
  readonly user: string
  /** The session's id; empty where a request asks that is no session. */
  readonly client: string
  /** What others see of the user, as `authenticate` said it. */
  readonly info?: Json
  /** What `authenticate` said of the session for the application alone. */
  readonly meta?: Json
  /** What carries the session, as in `'websocket'`. */
  readonly transport: string
  readonly channel: ChannelParts
  /** Whether the session is subscribed to the channel. Asked for `subscribe`: whether it still may be. */
  readonly isSubscribed: boolean
  /** What the client sent along: with `publish` the data to be published, as the namespace's schema made them. */
  readonly data?: Data
}

/** What a subscription is given with the permission. */
export interface SubscribeGrant {
  /** What others see of the user in this channel. */
  readonly info?: Json
  /** When it ends, in milliseconds since 1970; then it is asked for again. Absent: never. */
  readonly expiresAt?: number
  /** What the client is told in the reply to its subscribe command. */
  readonly data?: Json
}

/** What is published instead of what the client sent, and what goes along with it. */
export interface PublishGrant<Input = Json> {
  /** Absent: what the client sent. The namespace's schema has to take it. */
  readonly data?: Input
  readonly tags?: Readonly<Record<string, string>>
  /** A publication of the same key, within five minutes (by default), is not stored again. 1 to 255 characters. */
  readonly idempotencyKey?: string
}

/** Asks the application. `false` is error 103; `refuse` says more. A throw is error 100, to be tried again. */
export type PermissionFunction<Answer, Data = Json> = (
  question: PermissionQuestion<Data>,
) => Answer | PromiseLike<Answer>

/**
 * Who may subscribe: `'anyone'`; `'user'`: who is not anonymous; `'token'`: who brings a subscription token for the
 * channel; `'server'`: nobody by themselves, only whom the server subscribes; or a function.
 */
export type SubscribePermission =
  | 'anyone'
  | 'user'
  | 'token'
  | 'server'
  | PermissionFunction<boolean | SubscribeGrant | ApplicationRefusal>

/** Who may do something else in a channel: as for subscribing; `'subscriber'`: who is subscribed to it. */
export type ChannelPermission = ChannelMode | PermissionFunction<boolean | ApplicationRefusal>

/** Who may publish: as for everything else, and a function may say what is published. */
export type PublishPermission<Data = Json, Input = Json> =
  | ChannelMode
  | PermissionFunction<boolean | PublishGrant<Input> | ApplicationRefusal, Data>

type ChannelMode = 'anyone' | 'user' | 'subscriber' | 'server'
