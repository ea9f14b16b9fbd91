import type { ClientInfo, Disconnect } from '@wigwag/protocol'
import type { Announcement, History, HistoryRange, HistoryStart, PublishOptions } from '../broker/broker.ts'
import type { PublicationCodec } from '../channel/publication-codec.ts'
import type { Subscriber } from '../channel/subscriber.ts'
import type { Subscription } from '../channel/subscription.ts'
import type { Namespaces } from '../namespace/namespaces.ts'
import type { PresenceKeeper } from '../presence/presence-keeper.ts'
import type { Publication, PublicationData } from '../publication/publication.ts'
import type { Authenticator } from './credentials.ts'
import type { EncodedPacket } from './encoded-packet.ts'
import type { InboundRates } from './inbound-rate.ts'
import type { OutboxOptions } from './outbox-options.ts'
import type { RpcMethods } from './rpc-methods.ts'
import type { Session } from './session.ts'
import type { SessionHooks } from './session-hooks.ts'
import type { ResolvedSessionOptions } from './session-options.ts'
import type { SessionPorts } from './session-ports.ts'

/** What sessions ask of their hub's channels. */
export interface SessionChannels {
  subscribe(name: string, subscriber: Subscriber, after?: HistoryStart): Subscription
  unsubscribe(name: string, subscription: Subscription): void
  /** Publishes what has passed the channel's schema. */
  publish(channel: string, data: PublicationData, options?: PublishOptions): Promise<Publication>
  history(channel: string, from?: HistoryStart, range?: HistoryRange): Promise<History>
  /** Tells the subscribers of a channel, on every hub. */
  announce(channel: string, kind: Announcement, info: ClientInfo): void
  /** Tells every hub of the cluster, this one included. Rejects when the broker is away. */
  tell(message: string): Promise<void>
}

/** What all sessions of a hub have in common. */
export interface SessionContext {
  readonly channels: SessionChannels
  readonly options: ResolvedSessionOptions
  readonly outbox: Required<OutboxOptions>
  readonly namespaces: Namespaces
  readonly inboundRates: InboundRates
  /** Nothing: everybody is anonymous. */
  readonly authenticator: Authenticator | undefined
  readonly hooks: SessionHooks
  readonly rpc: RpcMethods | undefined
  readonly codec: PublicationCodec<EncodedPacket>
  readonly ports: SessionPorts
  /** Nothing where no namespace has presence. */
  readonly presence: PresenceKeeper | undefined
  /** A number from 0 up to 1, so that what begins at one time does not stay together. */
  spread(): number
  /** Makes a session one of its user's. Returns why not, if there are too many. */
  enter(session: Session): Disconnect | undefined
  /** A session has ended. */
  forget(session: Session): void
  /** A session has something to do at another time than before. */
  wake(session: Session): void
  /** Calls a hook; what it throws is reported. */
  tell(hook: keyof SessionHooks, call: () => unknown): void
}
