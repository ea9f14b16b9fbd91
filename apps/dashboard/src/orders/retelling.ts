import type { Position } from '@wigwag/client'
import type { Order } from './order.ts'
import type { OrderBook, Telling } from './order-book.ts'

/**
 * `wigwag serve` forgets: with its memory when it restarts, and what is older than its history. A shop has a database; this one has
 * the pages that look at it. What they know and the channel does not say any more, they publish again: all of them under the same
 * keys, so that it is stored once.
 */
export interface Retelling {
  readonly order: Order
  readonly idempotencyKey: string
}

/** Told this long ago, in milliseconds, or this many publications (count), the history may soon have it no more: by default it keeps 100 for 5 minutes. */
const OLD_MS = 120_000
const FAR_BEHIND = 50

/** What the stream that has begun anew at `epoch` does not say. */
export function afterLoss(book: OrderBook, epoch: string): readonly Retelling[] {
  return retellings(
    book,
    ({ position }) => position?.epoch !== epoch,
    () => epoch,
  )
}

/** What is about to fall out of the history of a stream that stands at `position`. */
export function beforeForgotten(book: OrderBook, position: Position, nowMs: number): readonly Retelling[] {
  const isOld = (told: Telling): boolean =>
    nowMs - told.timeMs > OLD_MS || position.offset - (told.position?.offset ?? 0) > FAR_BEHIND
  return retellings(book, isOld, ({ position: at }) => `${at?.epoch}:${at?.offset}`)
}

function retellings(
  book: OrderBook,
  isDue: (told: Telling) => boolean,
  since: (told: Telling) => string,
): readonly Retelling[] {
  return [...book.values()]
    .filter(({ told }) => isDue(told))
    .sort((a, b) => a.order.placedAtMs - b.order.placedAtMs)
    .map(({ order, told }) => ({ order, idempotencyKey: `${order.id} ${order.type} ${since(told)}` }))
}
