import { HubError } from '../error/hub-error.ts'
import type { Publication, PublicationData } from '../publication/publication.ts'

/**
 * What becomes of a namespace's publications when a session does not read as fast as they come and its outbox is full.
 *
 * - `'disconnect'` (default): the session ends with code 3008. Its client comes back and recovers from its position.
 * - `'drop-oldest'`: the channel's oldest publications that wait go, so that it stays current.
 * - `'drop-newest'`: what comes is dropped until there is room.
 * - `'conflate'`: of the publications that wait, those with the same key are one, the newest. This happens as soon as a
 *   session falls behind, not at the limit only; what is not superseded is never dropped.
 *
 * The first three do nothing before the outbox is full. A subscription that recovers is never left with a hole, as a
 * client takes the offset of whatever it received last for its position, notices no gap and never asks for what is
 * before it: with `'drop-oldest'` and `'drop-newest'` such a subscription ends with unsubscribe code 2500 instead, behind
 * what waits of it. The client subscribes again and recovers; its other subscriptions go on. `'conflate'` leaves no hole:
 * whatever superseded a publication has a greater offset and is still to come, so that recovery from any position on
 * the way yields the newest of every key.
 */
export type SlowConsumerOptions<Data = PublicationData> =
  | { readonly policy: 'disconnect' | 'drop-oldest' | 'drop-newest' }
  | {
      readonly policy: 'conflate'
      /**
       * What a publication is about: a newer one with the same key supersedes it. Without a key (`undefined`) it is
       * never superseded. If this throws, the subscription fails.
       */
      readonly key: (data: Data, publication: Publication<Data>) => string | undefined
    }

/** Fills in the default. Throws `HubError` `ERR_OPTION` for an unknown policy, and for `'conflate'` without a key. */
export function resolveSlowConsumer(options: SlowConsumerOptions = { policy: 'disconnect' }): SlowConsumerOptions {
  switch (options.policy) {
    case 'disconnect':
    case 'drop-oldest':
    case 'drop-newest':
      return options
    case 'conflate':
      if (typeof options.key === 'function') return options
      throw new HubError(
        'ERR_OPTION',
        "Option slowConsumer.key must be a function that returns a publication's key; policy 'conflate' needs it.",
      )
    default:
      throw new HubError(
        'ERR_OPTION',
        "Option slowConsumer.policy must be 'disconnect', 'drop-oldest', 'drop-newest' or 'conflate'; " +
          `it is ${JSON.stringify((options as { policy?: unknown }).policy)}.`,
      )
  }
}
