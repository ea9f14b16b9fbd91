import type { Position } from '@wigwag/client'
import { type Order, rankOf } from './order.ts'

/** How many orders a page keeps: a shop's database has the others. */
export const MAX_ORDERS = 40

/** Where and when the channel last told of an order. */
export interface Telling {
  /** None where the channel keeps no history. */
  readonly position: Position | undefined
  readonly timeMs: number
}

/** An order as this page knows it. */
export interface Entry {
  readonly order: Order
  readonly told: Telling
  /** Whether it was placed while this page looked on. */
  readonly isNew: boolean
  /** How often it changed while this page looked on (count). */
  readonly changes: number
}

/** All orders that a page knows, by id. */
export type OrderBook = ReadonlyMap<string, Entry>

export const EMPTY_BOOK: OrderBook = new Map()

export interface Taken {
  readonly book: OrderBook
  /** Whether it was news, and not what was known already. */
  readonly isNews: boolean
}

/**
 * Takes what the channel said of an order. An order only goes forward, so it does not matter how often something comes, or whether
 * the history says it or a publication.
 */
export function takeOrder(book: OrderBook, order: Order, told: Telling, isLive: boolean): Taken {
  const known = book.get(order.id)
  const ahead = known === undefined ? 1 : rankOf(order.type) - rankOf(known.order.type)
  // What an order was before says nothing of where it is told what it is now.
  if (ahead < 0) return { book, isNews: false }
  const isNews = ahead > 0
  const next = new Map(book)
  if (known !== undefined && !isNews) next.set(order.id, { ...known, told: later(known.told, told) })
  else {
    const changes = (known?.changes ?? 0) + (isLive && known !== undefined ? 1 : 0)
    next.set(order.id, { order, told, isNew: known?.isNew ?? isLive, changes })
  }
  dropSurplus(next)
  return { book: next, isNews: isNews && next.has(order.id) }
}

/** Newest first; orders of one moment in an order that is the same on every page. */
export function sortedEntries(book: OrderBook): readonly Entry[] {
  return [...book.values()].sort(
    (a, b) => b.order.placedAtMs - a.order.placedAtMs || (a.order.id < b.order.id ? -1 : 1),
  )
}

/** What has been shipped longest ago goes first, and the same on every page. */
function dropSurplus(book: Map<string, Entry>): void {
  while (book.size > MAX_ORDERS) {
    const oldestFirst = [...sortedEntries(book)].reverse()
    const surplus = oldestFirst.find(({ order }) => order.type === 'shipped') ?? oldestFirst[0]
    if (surplus === undefined) return
    book.delete(surplus.order.id)
  }
}

function later(known: Telling, told: Telling): Telling {
  const isSameStream = known.position?.epoch === told.position?.epoch
  return isSameStream && (known.position?.offset ?? 0) > (told.position?.offset ?? 0) ? known : told
}
