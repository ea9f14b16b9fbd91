/** What becomes of an order, step by step; also the types of the messages that say so. */
export const STATUSES = ['placed', 'paid', 'packed', 'shipped'] as const

export type OrderStatus = (typeof STATUSES)[number]

export type OrderItem = {
  readonly name: string
  readonly count: number
}

/**
 * An order, and what is published of it with each step: all of it, so that whoever hears one message alone knows the order. `type` is
 * its status, by which handlers are chosen.
 */
export type Order = {
  readonly type: OrderStatus
  readonly id: string
  readonly customer: string
  readonly items: readonly OrderItem[]
  readonly cents: number
  /** Both in milliseconds since 1970. */
  readonly placedAtMs: number
  readonly changedAtMs: number
}

const MAX_TEXT_LENGTH = 60
const MAX_ITEMS = 8
const MAX_COUNT = 99
const MAX_CENTS = 100_000_000
/** The last moment that a `Date` can be. */
const MAX_TIME_MS = 8.64e15

/** An order, if that is one: on this server everybody may publish to the channel. */
export function parseOrder(data: unknown): Order | undefined {
  if (typeof data !== 'object' || data === null) return undefined
  const { type, id, customer, items, cents, placedAtMs, changedAtMs } = data as Readonly<Record<string, unknown>>
  if (!isStatus(type) || typeof id !== 'string' || !/^[0-9A-Z]{1,12}$/.test(id) || !isText(customer)) return undefined
  if (!isWithin(cents, 0, MAX_CENTS) || !isTime(placedAtMs) || !isTime(changedAtMs)) return undefined
  if (!Array.isArray(items) || items.length === 0 || items.length > MAX_ITEMS || !items.every(isItem)) return undefined
  const known = items.map(({ name, count }) => ({ name, count }))
  return { type, id, customer, items: known, cents, placedAtMs, changedAtMs }
}

/** How far an order has come: from 0 to 3. */
export function rankOf(status: OrderStatus): number {
  return STATUSES.indexOf(status)
}

/** The same order one step later; nothing where there is none. */
export function nextStep(order: Order, nowMs: number): Order | undefined {
  const type = STATUSES[rankOf(order.type) + 1]
  return type && { ...order, type, changedAtMs: nowMs }
}

function isStatus(value: unknown): value is OrderStatus {
  return STATUSES.includes(value as OrderStatus)
}

function isItem(value: unknown): value is OrderItem {
  if (typeof value !== 'object' || value === null) return false
  const { name, count } = value as Readonly<Record<string, unknown>>
  return isText(name) && isWithin(count, 1, MAX_COUNT)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.length <= MAX_TEXT_LENGTH
}

function isTime(value: unknown): value is number {
  return isWithin(value, 0, MAX_TIME_MS)
}

function isWithin(value: unknown, min: number, max: number): value is number {
  return Number.isInteger(value) && (value as number) >= min && (value as number) <= max
}
