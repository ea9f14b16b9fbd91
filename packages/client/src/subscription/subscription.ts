import type { ClientInfo, Json } from '@wigwag/protocol'
import type { CallOptions } from '../cancellable.ts'
import { type ChannelHistory, type HistoryOptions, history } from '../command/history.ts'
import { type PresenceStats, presence, presenceStats } from '../command/presence.ts'
import type { Publication } from '../publication/publication.ts'
import { CoreSubscription, type SubscriptionParts } from './core-subscription.ts'
import { publications } from './publication-iterator.ts'

/** A subscription with everything that can be asked of it. */
export class Subscription<Data = Json, Input = Json>
  extends CoreSubscription<Data, Input>
  implements AsyncIterable<Publication<Data>>
{
  readonly #maxBuffered: number

  /** Made by `client.subscribe`. */
  constructor(parts: SubscriptionParts<Data>, maxBuffered: number) {
    super(parts)
    this.#maxBuffered = maxBuffered
  }

  /** Who is there, by session. Rejects with `ERR_REPLY` when that is not known or not for this client. */
  presence(options?: CallOptions): Promise<ReadonlyMap<string, ClientInfo>> {
    return presence(this, options)
  }

  /** How many sessions and users are there. */
  presenceStats(options?: CallOptions): Promise<PresenceStats> {
    return presenceStats(this, options)
  }

  /** What the channel's history has. */
  history(options?: HistoryOptions & CallOptions): Promise<ChannelHistory<Data>> {
    return history<Data>(this, options)
  }

  /**
   * Publications from now on, for a loop; leaving the loop does not end the subscription. The loop ends when the subscription is
   * ended here, throws `ERR_UNSUBSCRIBED` when the hub ends it for good, and `ERR_BUFFER_FULL` when it is too slow.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Publication<Data>> {
    return publications(this, { maxBufferedPublications: this.#maxBuffered })
  }
}
