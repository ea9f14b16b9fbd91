import type { Client, Subscription } from '@wigwag/client'
import { retainedBytes } from '@wigwag/testkit'
import { expect, test } from 'vitest'
import { createMemoryBench } from './support/memory-bench.ts'
import { next, serveHub } from './support/served-hub.ts'

/** So many, of which none is counted: what engines compile, and throw away again, goes by the ten thousand bytes. */
const WARM_UP = 1000
const WINDOWS = 5
/** In each window (count). */
const RECONNECTS = 2000
const RECONNECTS_OVER_SOCKETS = 60
/** Subscriptions of the client that live on every connection. */
const CHANNELS = ['orders', 'prices', 'news', 'chat']

/** What a client heard, as a number: a list would grow. */
function countPublications(subscriptions: readonly Subscription[]): () => number {
  let count = 0
  for (const subscription of subscriptions) subscription.on('publication', () => count++)
  return () => count
}

/**
 * Does something so often in each of a few windows, and returns by how many bytes that has grown which this process retains once garbage
 * is collected, heap and buffers, in the window in which it was least: what machines learn while they run comes to an end in one of them,
 * and what is kept of each time shows in all.
 */
async function leastGrowth(times: number, run: () => Promise<void>): Promise<number> {
  const growths: number[] = []
  for (let window = 0; window < WINDOWS; window++) {
    const before = retainedBytes()
    for (let i = 0; i < times; i++) await run()
    growths.push((retainedBytes() - before) / times)
  }
  return Math.min(...growths)
}

/** One that comes and goes, with listeners, calls and signals, as components of a page do. */
async function visit(client: Client, signal: AbortSignal): Promise<void> {
  const visitor = client.subscribe('visited', { signal })
  client.on('message', () => {}, { signal })()
  await Promise.all([visitor.ready({ signal }), client.rpc('nothing', null, { signal })])
  visitor.unsubscribe()
}

/** Bytes of the client, its hub and the test: less than the smallest object may be left of one reconnect. */
test('one client with subscriptions holds after 10,000 reconnects what it held before', async () => {
  const {
    hub,
    clock,
    line,
    client: create,
  } = createMemoryBench({
    rpc: () => null,
    authenticate: () => ({ user: 'ann' }),
    namespaces: { '': { history: { size: 10 } } },
  })
  const client = create({ getToken: () => 'token', minDelayMs: 1, maxDelayMs: 1 })
  const subscriptions = CHANNELS.map((channel) => client.subscribe(channel))
  const heard = countPublications(subscriptions)
  const { signal } = new AbortController()
  let rounds = 0
  const round = async (): Promise<void> => {
    await Promise.all(subscriptions.map((subscription) => subscription.ready({ signal })))
    if (rounds++ % 10 === 0) await visit(client, signal)
    line.cut()
    const call = client.rpc('nothing', null, { signal }).catch(() => {})
    // It is missed, and recovered.
    await hub.publish(CHANNELS[rounds % CHANNELS.length] as string, rounds)
    line.mend()
    await clock.advance(1)
    await clock.advance(1)
    await call
  }
  for (let i = 0; i < WARM_UP; i++) await round()
  const { timers } = clock
  const { opened } = line
  expect(await leastGrowth(RECONNECTS, round)).toBeLessThan(24)
  expect(line.opened - opened).toBe(10_000)
  expect(heard()).toBe(11_000)
  expect(clock.timers).toBe(timers)
}, 120_000)

/** The same, with what Node keeps of sockets for a while in it; of one connection it would be more than 10,000 bytes. */
test('and over real sockets, of which hundreds are enough', async () => {
  const { hub, line, client: create } = await serveHub({ namespaces: { '': { history: { size: 10 } } } })
  const client = create({ minDelayMs: 1, maxDelayMs: 1 })
  const subscriptions = CHANNELS.map((channel) => client.subscribe(channel))
  const heard = countPublications(subscriptions)
  let rounds = 0
  const round = async (): Promise<void> => {
    await Promise.all(subscriptions.map((subscription) => subscription.ready()))
    const lost = next(client, 'connecting')
    line.drop()
    await lost
    await hub.publish(CHANNELS[rounds++ % CHANNELS.length] as string, rounds)
  }
  for (let i = 0; i < RECONNECTS_OVER_SOCKETS; i++) await round()
  expect(await leastGrowth(RECONNECTS_OVER_SOCKETS, round)).toBeLessThan(4000)
  await Promise.all(subscriptions.map((subscription) => subscription.ready()))
  expect(heard()).toBe(rounds)
}, 120_000)
