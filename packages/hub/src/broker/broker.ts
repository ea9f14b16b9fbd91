import type { ClientInfo } from '@wigwag/protocol'
import type { Position } from '../publication/position.ts'
import type { Gap, Publication, PublicationData, PublicationDetails } from '../publication/publication.ts'
import type { HistoryOptions } from './history-options.ts'

/** What a broker tells its hub. */
export interface BrokerListener {
  /** The hub's id, for those who tell it alone; empty for one that is told nothing so. New whenever its process starts. */
  readonly hub: string
  /** A publication in a channel that the hub is subscribed to, in the order of their offsets. */
  publication(publication: Publication): void
  /**
   * Publications of a channel that the hub is subscribed to may have been missed, as after a lost connection. Those
   * stored from now on are told again; what lies between is read from history.
   */
  missed(channel: string): void
  /**
   * How much of a channel's stream is retained; nothing where the broker's own default holds. Asked as often as the
   * broker likes: the answer is the same at all times and on every hub of a cluster, and comes without effort.
   */
  historyOf(channel: string): Required<HistoryOptions> | undefined
  /** A session came into a channel that the hub is subscribed to. */
  joined(channel: string, info: ClientInfo): void
  /** A session left one. */
  left(channel: string, info: ClientInfo): void
  /** What a hub of the cluster, or this one, told all of them, or this one alone. */
  control(message: string): void
}

/** Whether the broker can be reached. */
export type BrokerStatus =
  | { readonly state: 'connected' }
  /** `why` says what happened and what to look at. */
  | { readonly state: 'disconnected'; readonly why: string }

/** How a publication is stored, and what goes along with it. */
export interface PublishOptions extends PublicationDetails {
  /**
   * A publisher that does not know whether a publication was stored publishes it again with the same key: within five
   * minutes (by default) it is stored once, and both get the same position. 1 to 255 characters, of its channel alone.
   */
  readonly idempotencyKey?: string
  /** Whether it is told to who is subscribed, and not stored: it has no position then, and nobody recovers it. Default false. */
  readonly skipHistory?: boolean
}

/** From where a stream is read: behind a position, or only its newest publication. */
export type HistoryStart = Position | 'latest'

/** How much of a stream is read, and in which direction. */
export interface HistoryRange {
  /** Most publications read (count). Default: all. 0 reads none, only where the stream stands and whether there is a gap. */
  readonly limit?: number
  /**
   * Reads from the newest to the oldest: those before the position asked from, or from the stream's end. Default false.
   * Going back, a gap is told when nothing before the position is held any more.
   */
  readonly reverse?: boolean
}

/** What becomes of a session in a channel. */
export type Announcement = 'join' | 'leave'

/** What a broker holds of a stream. */
export interface History<Data = PublicationData> {
  /** Where the stream stands, whatever was read of it; none where no history is kept. */
  readonly position: Position | undefined
  /** What was asked for and is still held, oldest first unless asked for in reverse. */
  readonly publications: readonly Publication<Data>[]
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
   * Reads the stream: what comes after the position `from`, or the newest publication that is still held (`'latest'`).
   * With `from` left out it reads from the end where the `range` begins, and without a range only where the stream stands.
   */
  history(channel: string, from?: HistoryStart, range?: HistoryRange): Promise<History>
  /** Lets go of what is retained of a stream. It stands where it stood: whoever asks from an earlier position is told of the gap. */
  removeHistory(channel: string): Promise<void>
  /**
   * Tells every hub that is subscribed to a channel, this one included, who came or went: at most once, in the order of
   * the calls, and stored nowhere. Resolves when it is on its way.
   */
  announce(channel: string, kind: Announcement, info: ClientInfo): Promise<void>
  /**
   * Tells every hub of the cluster, this one included, or only the one whose id is `hub`: at most once, all and each of these
   * in the order of the calls. Resolves when it is on its way: with `false` where it is known that nobody hears it, because
   * there is nobody of that id.
   */
  tell(message: string, hub?: string): Promise<boolean>
  /**
   * Whether the broker can be reached. It is connected again only when the listener was told `missed` of every channel
   * that it is subscribed to; of one whose history it refused behind that, once more.
   */
  readonly status: BrokerStatus
  /** Lets everything go. */
  close(): Promise<void>
}
