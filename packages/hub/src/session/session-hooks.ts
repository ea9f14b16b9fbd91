import type { Disconnect, Json } from '@wigwag/protocol'
import type { ChannelParts } from '../namespace/channel-parts.ts'
import type { ApplicationRefusal } from '../namespace/refuse.ts'
import type { ClientSession } from './client-session.ts'
import type { DroppedPublications } from './outbox-lane.ts'

/** What a client wants to publish, and may. */
export interface PublishIntent {
  readonly channel: ChannelParts
  readonly data: Json
  readonly session: ClientSession
}

/** What the application makes of it: `undefined` publishes it as it is, `{ data }` something else. */
export type PublishVerdict = undefined | { readonly data: Json } | ApplicationRefusal

/** Why a subscription ended. */
export interface Unsubscribed {
  readonly code: number
  readonly reason: string
}

/** What the application is told of its sessions. What a hook throws is reported; it costs nobody a session. */
export interface SessionHooks {
  /** A session is connected, and its client is about to hear of it. */
  readonly onConnect?: (session: ClientSession) => void
  /** A session that was connected has ended. */
  readonly onDisconnect?: (session: ClientSession, disconnect: Disconnect) => void
  /** A session is subscribed to a channel. */
  readonly onSubscribe?: (session: ClientSession, channel: ChannelParts) => void
  /** It is not any more; not told for each channel when the session ends. */
  readonly onUnsubscribe?: (session: ClientSession, channel: ChannelParts, why: Unsubscribed) => void
  /** A client publishes, and may: decides what is published. */
  readonly onPublish?: (intent: PublishIntent) => PublishVerdict | PromiseLike<PublishVerdict>
  /** A client sent a message that is for no channel (`send`). */
  readonly onMessage?: (data: Json, session: ClientSession) => void
  /** A slow session was not sent some publications, as the namespace's policy says. */
  readonly onDropped?: (session: ClientSession, dropped: DroppedPublications) => void
}
