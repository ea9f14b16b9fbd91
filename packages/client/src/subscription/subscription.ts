import type { ClientInfo, Json } from '@wigwag/protocol'
import type { CallOptions } from '../cancellable.ts'
import { type ChannelHistory, type HistoryOptions, history } from '../command/history.ts'
import { type PresenceStats, presence, presenceStats } from '../command/presence.ts'
import type { Publication } from '../publication/publication.ts'
import type { CoreSubscription } from './core-subscription.ts'
import { publications } from './publication-iterator.ts'

/** A subscription with everything that can be asked of it. */
export interface Subscription<Data = Json, Input = Json> extends CoreSubscription<Data, Input> {
  /** Who is there, by session. Rejects with `ERR_REPLY` when that is not known or not for this client. */
  presence(options?: CallOptions): Promise<ReadonlyMap<string, ClientInfo>>
  /** How many sessions and users are there. */
  presenceStats(options?: CallOptions): Promise<PresenceStats>
  /** What the channel's history has. */
  history(options?: HistoryOptions & CallOptions): Promise<ChannelHistory<Data>>
  /**
   * Publications from now on, for a loop; leaving the loop does not end the subscription. The loop ends when the subscription is
   * ended here, throws `ERR_UNSUBSCRIBED` when the hub ends it for good, and `ERR_BUFFER_FULL` when it is too slow.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Publication<Data>>
}

/** The same subscription, which has them as methods. `maxBufferedPublications`: what is held for a loop. */
export function withQuestions<Data, Input>(
  subscription: CoreSubscription<Data, Input>,
  maxBufferedPublications: number,
): Subscription<Data, Input> {
  return Object.assign(subscription, {
    presence: (options?: CallOptions) => presence(subscription, options),
    presenceStats: (options?: CallOptions) => presenceStats(subscription, options),
    history: (options?: HistoryOptions & CallOptions) => history<Data>(subscription, options),
    [Symbol.asyncIterator]: () => publications(subscription, { maxBufferedPublications }),
  })
}
