import { expect, test } from 'vitest'
import { createMemoryBench, type MemoryBench } from './support/memory-bench.ts'

/** Longer than a client waits for the hub's pings, and for a sign of life. */
const UNTIL_NOTICED_MS = 60_000

/** A client that is subscribed, and what it hears. */
async function follow(bench: MemoryBench) {
  const client = bench.client()
  const heard: unknown[] = []
  const subscription = client.subscribe('news')
  subscription.on('publication', ({ data }) => heard.push(data))
  await subscription.ready()
  return { client, heard, publish: (data: string) => bench.hub.publish('news', data) }
}

const createBench = (): MemoryBench =>
  createMemoryBench({ authenticate: () => ({ user: 'ann' }), namespaces: { '': { history: { size: 10 } } } })

test('a line that stalls brings all of it when it goes on, in order, over the same connection', async () => {
  const bench = createBench()
  const { client, heard, publish } = await follow(bench)
  bench.line.stall()
  for (const data of ['a', 'b', 'c']) await publish(data)
  const reply = client.publish('news', 'd').catch((error: unknown) => error)
  await bench.clock.advance(1000)
  expect(heard).toEqual([])
  bench.line.mend()
  await bench.clock.advance(0)
  await reply
  expect(heard.slice(0, 3)).toEqual(['a', 'b', 'c'])
  expect(bench.line.opened).toBe(1)
})

test('a client that gives up a stalled connection leaves the hub when the line goes on', async () => {
  const bench = createBench()
  const { client } = await follow(bench)
  bench.line.stall()
  client.disconnect()
  await bench.clock.advance(0)
  expect(bench.hub.stats.sessions).toBe(1)
  bench.line.mend()
  await bench.clock.advance(0)
  expect(bench.hub.stats.sessions).toBe(0)
})

test('a line that is half open is over for the hub alone; the client finds out, comes back and has everything', async () => {
  const bench = createBench()
  const { client, heard, publish } = await follow(bench)
  bench.line.halfOpen()
  await bench.clock.advance(0)
  expect(bench.hub.stats.sessions).toBe(0)
  expect(client.state.phase).toBe('connected')
  await publish('while nobody was there')
  expect(heard).toEqual([])
  await bench.clock.advance(UNTIL_NOTICED_MS)
  expect(heard).toEqual(['while nobody was there'])
  expect([bench.line.opened, bench.hub.stats.sessions]).toEqual([2, 1])
})

test('a line that fell silent is over for nobody: both find out', async () => {
  const bench = createBench()
  const { client, heard, publish } = await follow(bench)
  bench.line.silence()
  await bench.clock.advance(0)
  expect([bench.hub.stats.sessions, client.state.phase]).toEqual([1, 'connected'])
  await publish('into the silence')
  await bench.clock.advance(UNTIL_NOTICED_MS)
  expect([bench.hub.stats.sessions, heard.length]).toEqual([0, 0])
  bench.line.mend()
  await bench.clock.advance(UNTIL_NOTICED_MS)
  expect(heard).toEqual(['into the silence'])
})
