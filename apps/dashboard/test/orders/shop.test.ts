import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseOrder, rankOf } from '../../src/orders/order.ts'
import { EMPTY_BOOK, type OrderBook, takeOrder } from '../../src/orders/order-book.ts'
import { createOrder, createRandom, nextDeed, pauseMs } from '../../src/orders/shop.ts'

/** What happens in a shop that is left alone. */
function run(seed: number, count: number): { readonly deeds: readonly string[]; readonly book: OrderBook } {
  const random = createRandom(seed)
  const deeds: string[] = []
  let book = EMPTY_BOOK
  for (let i = 1; i <= count; i++) {
    const deed = nextDeed(book, random, i)
    expect(parseOrder(deed)).toEqual(deed)
    const known = book.get(deed.id)?.order
    // Somebody orders, or one order goes one step further.
    expect(rankOf(deed.type)).toBe(known === undefined ? 0 : rankOf(known.type) + 1)
    deeds.push(`${deed.id} ${deed.type}`)
    book = takeOrder(book, deed, { position: undefined, timeMs: i }, true).book
  }
  return { deeds, book }
}

test('property: a shop sells and works, one step at a time, and has neither nothing nor too much to do', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const { book } = run(seed, 120)
      const open = [...book.values()].filter(({ order }) => order.type !== 'shipped')
      expect(open.length).toBeGreaterThanOrEqual(2)
      expect(open.length).toBeLessThanOrEqual(7)
      expect(book.size).toBeGreaterThan(open.length)
    }),
    { numRuns: 30 },
  )
})

test('the same seed makes the same shop, and another one another', () => {
  expect(run(7, 60).deeds).toEqual(run(7, 60).deeds)
  expect(run(7, 60).deeds).not.toEqual(run(8, 60).deeds)
})

test('property: chance is from 0 up to 1 and even enough, and pauses are within their bounds', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = createRandom(seed)
      const drawn = Array.from({ length: 2000 }, random)
      expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0)
      expect(Math.max(...drawn)).toBeLessThan(1)
      expect(Math.abs(drawn.reduce((sum, each) => sum + each, 0) / drawn.length - 0.5)).toBeLessThan(0.05)
      expect(pauseMs(random)).toBeGreaterThanOrEqual(500)
      expect(pauseMs(random)).toBeLessThanOrEqual(1600)
    }),
    { numRuns: 50 },
  )
})

test('orders of one shop have ids of their own', () => {
  const random = createRandom(1)
  expect(new Set(Array.from({ length: 1000 }, () => createOrder(random, 0).id)).size).toBe(1000)
})
