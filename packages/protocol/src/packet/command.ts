import type { Json } from './json.ts'

/** What a client can do, or wants, in a subscription, by bits. */
export const SubscriptionFlag = {
  /** It knows channels by numbers. */
  channelCompaction: 1,
  /** It wants error 112 instead of a subscription that has not recovered. */
  rejectUnrecovered: 2,
} as const

/** From where a subscription goes on: a position in the channel's stream. */
export interface PositionRequest {
  /** Whether what came after the position is to be sent. Default false. */
  readonly recover?: boolean
  readonly epoch?: string
  readonly offset?: number
}

/** What the client asks for in a channel. */
export interface SubscriptionRequest extends PositionRequest {
  /** A subscription token, for channels that need one. */
  readonly token?: string
  /** For the application's authorizer. */
  readonly data?: Json
  /** Asks for offsets, so that a loss is noticed. */
  readonly positioned?: boolean
  /** Asks for recovery after a reconnect. */
  readonly recoverable?: boolean
  /** Asks to be told who joins and leaves. */
  readonly join_leave?: boolean
  /** Bits of `SubscriptionFlag`. Unknown ones are ignored. */
  readonly flag?: number
  /** What kind of subscription: 0 or absent, of a stream. */
  readonly type?: number
  /** A filter of publications by their tags. */
  readonly tf?: Json
}

export interface ConnectRequest {
  readonly token?: string
  /** For the application's `authenticate`. */
  readonly data?: Json
  /** Name and version of the client's program. */
  readonly name?: string
  readonly version?: string
  /** Headers that a browser cannot send itself. */
  readonly headers?: Readonly<Record<string, string>>
  /** Server-side subscriptions to recover, by channel. */
  readonly subs?: Readonly<Record<string, SubscriptionRequest>>
}

export interface SubscribeRequest extends SubscriptionRequest {
  readonly channel: string
}

export interface ChannelRequest {
  readonly channel: string
}

export interface PublishRequest {
  readonly channel: string
  readonly data: Json
  /** Of one user's publications with the same key only the first is stored. Not known to Centrifuge's servers. */
  readonly idempotency_key?: string
}

export interface HistoryRequest {
  readonly channel: string
  /** Most publications wanted (count). 0 or absent: only where the stream stands; -1: as many as there are. */
  readonly limit?: number
  /** Those after it (before it, with `reverse`). */
  readonly since?: { readonly offset: number; readonly epoch: string }
  /** Newest first. */
  readonly reverse?: boolean
}

export interface RpcRequest {
  readonly method: string
  readonly data?: Json
}

export interface SendRequest {
  readonly data: Json
}

export interface RefreshRequest {
  readonly token: string
}

export interface SubRefreshRequest {
  readonly channel: string
  readonly token: string
}

/** What each method asks with. */
export interface Requests {
  readonly connect: ConnectRequest
  readonly subscribe: SubscribeRequest
  readonly unsubscribe: ChannelRequest
  readonly publish: PublishRequest
  readonly presence: ChannelRequest
  readonly presence_stats: ChannelRequest
  readonly history: HistoryRequest
  readonly ping: Readonly<Record<never, never>>
  readonly send: SendRequest
  readonly rpc: RpcRequest
  readonly refresh: RefreshRequest
  readonly sub_refresh: SubRefreshRequest
}

/** The name of something a client can ask for. */
export type Method = keyof Requests

/** A packet from client to hub: one method, and the number that its reply will carry. `send` has no reply, and no id. */
export type CommandPacket = {
  [M in Method]: { readonly id?: number } & { readonly [K in M]: Requests[M] }
}[Method]
