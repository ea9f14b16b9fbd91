import fc from 'fast-check'
import { type Order, STATUSES } from '../../src/orders/order.ts'

const text = fc
  .string({ minLength: 1, maxLength: 60, unit: 'grapheme' })
  .filter((s) => s.trim() !== '' && s.length <= 60)
const moment = fc.nat(8.64e15)

export const anyOrder: fc.Arbitrary<Order> = fc.record({
  type: fc.constantFrom(...STATUSES),
  id: fc.stringMatching(/^[0-9A-Z]{1,12}$/),
  customer: text,
  items: fc.array(fc.record({ name: text, count: fc.integer({ min: 1, max: 99 }) }), { minLength: 1, maxLength: 8 }),
  cents: fc.nat(100_000_000),
  placedAtMs: moment,
  changedAtMs: moment,
})
