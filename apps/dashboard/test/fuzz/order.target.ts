import { must } from '../../../../tools/fuzz/fuzz-target.ts'
import { nextStep, parseOrder } from '../../src/orders/order.ts'
import { describeChange, describeClock, describeItems, describeMoney } from '../../src/orders/words.ts'

/** What anybody may publish to the channel that the order board shows. */
export function fuzz(input: Uint8Array): void {
  let data: unknown
  try {
    data = JSON.parse(Buffer.from(input).toString())
  } catch {
    return
  }
  const order = parseOrder(data)
  if (order === undefined) return
  must(JSON.stringify(parseOrder(order)) === JSON.stringify(order), 'an order is read otherwise than it was understood')
  const { cents, items, changedAtMs } = order
  for (const words of [describeMoney(cents), describeItems(items), describeClock(changedAtMs), describeChange(order)]) {
    must(words !== '', 'there are no words for it')
  }
  const next = nextStep(order, changedAtMs)
  must((next === undefined) === (order.type === 'shipped'), 'it goes no further, or further than it can')
}

const order = {
  type: 'paid',
  id: 'K7QF2',
  customer: 'Ada Berg',
  items: [{ name: 'Teapot', count: 2 }],
  cents: 7800,
  placedAtMs: 1_790_000_000_000,
  changedAtMs: 1_790_000_000_001,
}

export const seeds: Record<string, string> = {
  'an order': JSON.stringify(order),
  'one that is done': JSON.stringify({ ...order, type: 'shipped', items: [order.items[0], order.items[0]] }),
  'at the ends of its limits': JSON.stringify({ ...order, cents: 100_000_000, placedAtMs: 8.64e15, changedAtMs: 0 }),
  'no status': JSON.stringify({ ...order, type: 'constructor' }),
  'no goods': JSON.stringify({ ...order, items: [null] }),
  'no object': '[1]',
  'no JSON': '{"type":',
}

export const dictionary: string[] = [
  '"type":',
  '"placed"',
  '"packed"',
  '"shipped"',
  '"id":',
  '"items":',
  '"name":',
  '"count":',
  '"cents":',
  '"placedAtMs":',
  '8.64e15',
  '1e999',
  '-1',
  'null',
  '{}',
  '[]',
]
