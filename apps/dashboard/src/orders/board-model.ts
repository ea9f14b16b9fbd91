import { effect } from '@preact/signals'
import { hubClient } from '../hub/hub-client.ts'
import { OrderBoard } from './order-board.ts'
import { RunningShop } from './running-shop.ts'
import { createRandom } from './shop.ts'

/** What is pressed while the line is away is kept for as long, in milliseconds. */
const PATIENCE_MS = 60_000

/** How often it is looked what the history may soon have no more, in milliseconds. */
const KEEP_EVERY_MS = 15_000

/** `?seed=7` makes up the same orders each time. */
const given = new URL(location.href).searchParams.get('seed')
const seed = given === null ? (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) : Number(given)

export const board: OrderBoard = new OrderBoard(hubClient({ share: true, offlineQueue: { maxAgeMs: PATIENCE_MS } }))
export const shop: RunningShop = new RunningShop(board, createRandom(seed))

// What there is to do is seen from another tab.
effect(() => {
  const open = board.entries.value.filter(({ order }) => order.type !== 'shipped').length
  document.title = `${open === 0 ? '' : `(${open}) `}Order board · Wigwag`
})

setInterval(() => void board.keep(Date.now()), KEEP_EVERY_MS)
