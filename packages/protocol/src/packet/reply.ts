import type { ClientInfo } from './client-info.ts'
import type { Json } from './json.ts'
import type { PublicationPacket } from './publication-packet.ts'

/** Why a command failed. */
export interface ErrorPacket {
  /** Of `ErrorCode`, or the application's own. */
  readonly code: number
  /** For who reads it. */
  readonly message: string
  /** Whether the same command may succeed later. */
  readonly temporary?: boolean
}

export interface SubscribeResult {
  /** Whether it has to be refreshed within `ttl` seconds. */
  readonly expires?: boolean
  readonly ttl?: number
  /** Whether a later subscribe can recover from a position. */
  readonly recoverable?: boolean
  readonly epoch?: string
  /** Where the client stands: before the recovered `publications`, if there are any; and what comes live is behind that. */
  readonly offset?: number
  /** What was recovered. */
  readonly publications?: readonly PublicationPacket[]
  /** Whether everything since the asked position is in `publications`. */
  readonly recovered?: boolean
  /** Whether recovery had been asked for. */
  readonly was_recovering?: boolean
  readonly positioned?: boolean
  readonly data?: Json
}

export interface ConnectResult {
  /** The session's id. */
  readonly client: string
  readonly version: string
  /** Whether it has to be refreshed within `ttl` seconds. */
  readonly expires?: boolean
  readonly ttl?: number
  readonly data?: Json
  /** Server-side subscriptions, by channel. */
  readonly subs?: Readonly<Record<string, SubscribeResult>>
  /** How often the hub pings, in seconds. */
  readonly ping?: number
  /** Whether it expects an answer to its pings. */
  readonly pong?: boolean
  /** Where to send commands, for transports that only go down. */
  readonly session?: string
  readonly node?: string
  /** The hub's time, in milliseconds since 1970. */
  readonly time?: number
}

export interface HistoryResult {
  readonly publications?: readonly PublicationPacket[]
  readonly epoch: string
  readonly offset: number
}

export interface PresenceResult {
  /** Who is there, by session. */
  readonly presence: Readonly<Record<string, ClientInfo>>
}

export interface PresenceStatsResult {
  readonly num_clients: number
  readonly num_users: number
}

export interface RefreshResult {
  readonly client: string
  readonly version: string
  readonly expires?: boolean
  readonly ttl?: number
}

export interface SubRefreshResult {
  readonly expires?: boolean
  readonly ttl?: number
}

export type EmptyResult = Readonly<Record<never, never>>

/** What each method is answered with. */
export interface Results {
  readonly connect: ConnectResult
  readonly subscribe: SubscribeResult
  readonly unsubscribe: EmptyResult
  readonly publish: EmptyResult
  readonly presence: PresenceResult
  readonly presence_stats: PresenceStatsResult
  readonly history: HistoryResult
  readonly ping: EmptyResult
  readonly rpc: { readonly data?: Json }
  readonly refresh: RefreshResult
  readonly sub_refresh: SubRefreshResult
}

/** A packet from hub to client: the answer to the command with the same `id`. */
export type ReplyPacket =
  | { readonly id: number; readonly error: ErrorPacket }
  | { [M in keyof Results]: { readonly id: number } & { readonly [K in M]: Results[M] } }[keyof Results]
