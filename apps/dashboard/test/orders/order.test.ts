import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nextStep, type Order, parseOrder, rankOf, STATUSES } from '../../src/orders/order.ts'
import { anyOrder } from './any-order.ts'

test('property: an order is what it was after a way as JSON, and what else it carries is left behind', () => {
  fc.assert(
    fc.property(anyOrder, (order) => {
      const published: unknown = JSON.parse(JSON.stringify({ ...order, extra: '<b>', __proto__: null }))
      expect(parseOrder(published)).toEqual(order)
    }),
  )
})

test('property: whatever is published, it is an order by these rules or none, and nothing is thrown', () => {
  fc.assert(
    fc.property(fc.anything(), (data) => {
      const order = parseOrder(data)
      if (order !== undefined) expect(parseOrder(order)).toEqual(order)
    }),
  )
})

const GOOD: Order = {
  type: 'paid',
  id: 'K7QF2',
  customer: 'Ada Berg',
  items: [{ name: 'Teapot', count: 2 }],
  cents: 7800,
  placedAtMs: 1,
  changedAtMs: 2,
}

test.each([
  ['a status that is none', { type: 'lost' }],
  ['a status of Object', { type: 'constructor' }],
  ['an id with markup', { id: '<b>' }],
  ['an id without end', { id: 'A'.repeat(13) }],
  ['nobody', { customer: ' ' }],
  ['a customer without end', { customer: 'a'.repeat(61) }],
  ['nothing', { items: [] }],
  ['too much', { items: Array.from({ length: 9 }, () => ({ name: 'Teapot', count: 1 })) }],
  ['no list', { items: { length: 1 } }],
  ['no goods', { items: [null] }],
  ['half a teapot', { items: [{ name: 'Teapot', count: 0.5 }] }],
  ['debts', { cents: -1 }],
  ['a sum that is none', { cents: Number.NaN }],
  ['a time that no Date can be', { placedAtMs: 8.64e15 + 1 }],
  ['a time of text', { changedAtMs: '2026' }],
])('%s makes no order', (_what, fault) => {
  expect(parseOrder(GOOD)).toEqual(GOOD)
  expect(parseOrder({ ...GOOD, ...fault })).toBeUndefined()
})

test('an order goes from step to step, and then no further', () => {
  const way: Order[] = [{ ...GOOD, type: 'placed' }]
  for (let order = way[0]; order !== undefined; order = nextStep(order, 10 + rankOf(order.type))) {
    if (order !== way[0]) way.push(order)
  }
  expect(way.map(({ type }) => type)).toEqual(STATUSES)
  expect(way.at(-1)).toEqual({ ...GOOD, type: 'shipped', changedAtMs: 12 })
})
