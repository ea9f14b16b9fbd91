import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Order, rankOf, STATUSES } from '../../src/orders/order.ts'
import { EMPTY_BOOK, MAX_ORDERS, type OrderBook, sortedEntries, takeOrder } from '../../src/orders/order-book.ts'
import { afterLoss, beforeForgotten } from '../../src/orders/retelling.ts'

const orderOf = (id: string, type: Order['type'], placedAtMs = 0): Order => ({
  type,
  id,
  customer: 'Ada Berg',
  items: [{ name: 'Teapot', count: 1 }],
  cents: 3900,
  placedAtMs,
  changedAtMs: placedAtMs + rankOf(type),
})

const told = (offset: number, epoch = 'a', timeMs = 0) => ({ position: { epoch, offset }, timeMs })
const take = (book: OrderBook, order: Order, offset = 1, epoch = 'a', timeMs = 0): OrderBook =>
  takeOrder(book, order, told(offset, epoch, timeMs), true).book

const steps = fc.array(fc.record({ id: fc.constantFrom('A', 'B', 'C', 'D'), type: fc.constantFrom(...STATUSES) }), {
  maxLength: 30,
})

test('property: in whatever order and however often it comes, a page knows the furthest step of each order', () => {
  fc.assert(
    fc.property(
      steps.chain((said) => fc.tuple(fc.constant(said), fc.shuffledSubarray(said, { minLength: said.length }), steps)),
      ([said, shuffled]) => {
        const known = (all: typeof said) =>
          sortedEntries(all.reduce((book, { id, type }, i) => take(book, orderOf(id, type), i + 1), EMPTY_BOOK)).map(
            ({ order }) => `${order.id} ${order.type}`,
          )
        expect(known([...shuffled, ...said])).toEqual(known(said))
      },
    ),
  )
})

test('property: it is news exactly when an order is new or goes further, and only that counts as a change', () => {
  fc.assert(
    fc.property(steps, (said) => {
      let book = EMPTY_BOOK
      let news = 0
      for (const [i, { id, type }] of said.entries()) {
        const before = book.get(id)?.order.type
        const taken = takeOrder(book, orderOf(id, type), told(i + 1), true)
        expect(taken.isNews).toBe(before === undefined || rankOf(type) > rankOf(before))
        if (taken.isNews) news++
        book = taken.book
      }
      const entries = sortedEntries(book)
      expect(entries.reduce((sum, { changes }) => sum + changes, 0)).toBe(news - entries.length)
    }),
  )
})

test('what was there before the page looked is neither new nor changed', () => {
  const { book } = takeOrder(EMPTY_BOOK, orderOf('A', 'paid'), told(1), false)
  expect(book.get('A')).toMatchObject({ isNew: false, changes: 0 })
  expect(take(book, orderOf('A', 'packed'), 2).get('A')).toMatchObject({ isNew: false, changes: 1 })
  expect(take(EMPTY_BOOK, orderOf('B', 'placed')).get('B')).toMatchObject({ isNew: true, changes: 0 })
})

test('beyond its limit a page forgets what was shipped longest ago, then what was placed longest ago', () => {
  let book = EMPTY_BOOK
  for (let i = 0; i < MAX_ORDERS; i++) book = take(book, orderOf(`N${i}`, i === 3 ? 'shipped' : 'placed', i))
  book = take(book, orderOf('NEW', 'placed', 1000))
  expect([book.size, book.has('N3'), book.has('N0'), book.has('NEW')]).toEqual([MAX_ORDERS, false, true, true])
  book = take(book, orderOf('NEWER', 'placed', 1001))
  expect([book.size, book.has('N0'), book.has('N1')]).toEqual([MAX_ORDERS, false, true])
  // One that is older than all that are kept stays away, and is no news.
  expect(takeOrder(book, orderOf('OLD', 'shipped', 0), told(9), true)).toMatchObject({ isNews: false })
})

test('a stream that has begun anew is told what it does not say, by every page under the same keys', () => {
  const one = take(take(EMPTY_BOOK, orderOf('A', 'packed', 1), 3), orderOf('B', 'placed', 2), 4)
  const other = take(take(EMPTY_BOOK, orderOf('A', 'packed', 1), 9), orderOf('B', 'placed', 2), 8)
  const keys = (book: OrderBook) => afterLoss(book, 'b').map(({ idempotencyKey }) => idempotencyKey)
  expect(keys(one)).toEqual(['A packed b', 'B placed b'])
  expect(keys(other)).toEqual(keys(one))
  expect(keys(take(one, orderOf('B', 'placed', 2), 1, 'b'))).toEqual(['A packed b'])
  // That it says what an order was before is not enough.
  expect(keys(take(one, orderOf('A', 'paid', 1), 1, 'b'))).toEqual(keys(one))
})

test('what the history may soon forget is told again: what is old, and what is far behind', () => {
  let book = take(EMPTY_BOOK, orderOf('A', 'paid', 1), 10, 'a', 0)
  book = take(book, orderOf('B', 'paid', 2), 20, 'a', 100_000)
  const keys = (offset: number, nowMs: number) =>
    beforeForgotten(book, { epoch: 'a', offset }, nowMs).map(({ idempotencyKey }) => idempotencyKey)
  expect(keys(60, 120_000)).toEqual([])
  expect(keys(60, 120_001)).toEqual(['A paid a:10'])
  expect(keys(61, 0)).toEqual(['A paid a:10'])
  expect(keys(71, 0)).toEqual(['A paid a:10', 'B paid a:20'])
})
