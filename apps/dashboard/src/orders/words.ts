import type { Order, OrderItem, OrderStatus } from './order.ts'

const MONEY = new Intl.NumberFormat('en', { style: 'currency', currency: 'EUR' })
const CLOCK = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })

export const STATUS_WORDS: Readonly<Record<OrderStatus, string>> = {
  placed: 'Placed',
  paid: 'Paid',
  packed: 'Packed',
  shipped: 'Shipped',
}

/** What the button of an order says: the next thing to do. */
export const STEP_WORDS: Readonly<Record<OrderStatus, string>> = {
  placed: 'Mark paid',
  paid: 'Pack',
  packed: 'Ship',
  shipped: 'Done',
}

export function describeMoney(cents: number): string {
  return MONEY.format(cents / 100)
}

export function describeClock(timeMs: number): string {
  return CLOCK.format(new Date(timeMs))
}

export function describeItems(items: readonly OrderItem[]): string {
  return items.map(({ name, count }) => (count === 1 ? name : `${count} × ${name}`)).join(', ')
}

/** What happened to an order, for those who hear it. */
export function describeChange({ id, customer, items, type }: Order): string {
  return type === 'placed' ? `${customer} ordered ${describeItems(items)}.` : `Order ${id} of ${customer} is ${type}.`
}

export function countOrders(count: number): string {
  return `${count} ${count === 1 ? 'order' : 'orders'}`
}
