import { nextStep, type Order } from './order.ts'
import { type OrderBook, sortedEntries } from './order-book.ts'

/** From 0 up to 1. */
export type Random = () => number

const CUSTOMERS = [
  'Ada Berg',
  'Bo Lindqvist',
  'Chiara Conti',
  'David Okafor',
  'Elif Yılmaz',
  'Farid Haddad',
  'Greta Novak',
  'Hiro Tanaka',
  'Inés Romero',
  'Jonas Keller',
  'Karin Holm',
  'Lucía Prieto',
  'Mei Chen',
  'Noah Dupont',
  'Olga Marek',
  'Priya Nair',
] as const

const GOODS = [
  { name: 'Teapot', cents: 3900 },
  { name: 'Desk lamp', cents: 6450 },
  { name: 'Wool blanket', cents: 8900 },
  { name: 'Fountain pen', cents: 2750 },
  { name: 'Coffee grinder', cents: 7400 },
  { name: 'Linen apron', cents: 3200 },
  { name: 'Enamel mug', cents: 1450 },
  { name: 'Notebook', cents: 950 },
] as const

/** Without those that look like others. */
const ID_LETTERS = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ'
const ID_LENGTH = 5
/** With so many open orders or more the shop works rather than sells, and with so many or fewer it sells. */
const MANY_OPEN = 7
const FEW_OPEN = 2
const SELLS = 0.3
const MIN_PAUSE_MS = 500
const MAX_PAUSE_MS = 1600

/** Chance that is the same for the same seed (mulberry32). */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A customer orders something. */
export function createOrder(random: Random, nowMs: number): Order {
  const first = pick(GOODS, random)
  const second = pick(GOODS, random)
  const goods = random() < 0.5 || first === second ? [first] : [first, second]
  const items = goods.map(({ name, cents }) => ({ name, cents, count: 1 + Math.floor(random() ** 2 * 3) }))
  return {
    type: 'placed',
    id: Array.from({ length: ID_LENGTH }, () => pick([...ID_LETTERS], random)).join(''),
    customer: pick(CUSTOMERS, random),
    items: items.map(({ name, count }) => ({ name, count })),
    cents: items.reduce((sum, { cents, count }) => sum + cents * count, 0),
    placedAtMs: nowMs,
    changedAtMs: nowMs,
  }
}

/** What happens next in a shop that runs: somebody orders, or an order goes a step further, older ones rather. */
export function nextDeed(book: OrderBook, random: Random, nowMs: number): Order {
  const open = sortedEntries(book)
    .map(({ order }) => order)
    .filter(({ type }) => type !== 'shipped')
    .reverse()
  const sells = open.length <= FEW_OPEN || (open.length < MANY_OPEN && random() < SELLS)
  const worked = sells ? undefined : open[Math.floor(random() ** 2 * open.length)]
  return (worked && nextStep(worked, nowMs)) ?? createOrder(random, nowMs)
}

/** How long until then, in milliseconds. */
export function pauseMs(random: Random): number {
  return MIN_PAUSE_MS + random() * (MAX_PAUSE_MS - MIN_PAUSE_MS)
}

function pick<T>(list: readonly T[], random: Random): T {
  return list[Math.floor(random() * list.length)] as T
}
