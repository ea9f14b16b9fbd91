import type { Position } from '../publication/position.ts'
import type { Gap, Publication, PublicationData } from '../publication/publication.ts'

/** What a broker tells its hub. */
export interface BrokerListener {
  /** A publication in a channel that the hub is subscribed to, in the order of their offsets. */
  publication(publication: Publication): void
  /**
   * Publications of a channel that the hub is subscribed to may have been missed, as after a lost connection. Those
   * stored from now on are told again; what lies between is read from history.
   */
  missed(channel: string): void
}

/** Whether the broker can be reached. */
export type BrokerStatus =
  | { readonly state: 'connected' }
  /** `why` says what happened and what to look at. */
  | { readonly state: 'disconnected'; readonly why: string }

/** How a publication is stored. */
export interface PublishOptions {
  /**
   * A publisher that does not know whether a publication was stored publishes it again with the same key: within five
   * minutes (by default) it is stored once, and both get the same position. 1 to 255 characters, of its channel alone.
   */
  readonly idempotencyKey?: string
}

/** From where a stream is read: behind a position, or only its newest publication. */
export type HistoryStart = Position | 'latest'

/** What a broker holds of a stream. */
export interface History {
  /** Where the stream stands; none where no history is kept. */
  readonly position: Position | undefined
  /** What was asked for and is still held, oldest first. */
  readonly publications: readonly Publication[]
  /** Set when something between the position asked from and `publications` is gone. */
  readonly gap: Gap | undefined
}

/**
 * Carries publications between hubs and keeps streams. Every implementation passes the contract suite of
 * `@wigwag/hub/testing`. Methods reject with `HubError` `ERR_BROKER_UNAVAILABLE` when the broker cannot be reached, and `publish` with
 * `ERR_NOT_ACKNOWLEDGED` when nobody knows whether it has stored the publication.
 */
export interface Broker {
  /** Called once, before all else. */
  start(listener: BrokerListener): Promise<void>
  /**
   * Stores a publication and carries it to every subscribed hub. It gets its offset in the step that stores it;
   * resolves when it is stored. While the broker is disconnected a channel with history rejects, and one without is
   * told to the listener alone: the publication is `degraded`.
   */
  publish(channel: string, data: PublicationData, options?: PublishOptions): Promise<Publication>
  /**
   * Has the listener told of the channel's publications; resolves when none that is stored from then on can be missed.
   * While the broker is disconnected it is remembered for later and resolves at once.
   */
  subscribe(channel: string): Promise<void>
  /** Ends that. */
  unsubscribe(channel: string): Promise<void>
  /**
   * Reads the stream: what comes after the position `from`, the newest publication that is still held (`'latest'`), or
   * only where the stream stands when `from` is left out.
   */
  history(channel: string, from?: HistoryStart): Promise<History>
  /**
   * Whether the broker can be reached. It is connected again only when the listener was told `missed` of every channel
   * that it is subscribed to; of one whose history it refused behind that, once more.
   */
  readonly status: BrokerStatus
  /** Lets everything go. */
  close(): Promise<void>
}
