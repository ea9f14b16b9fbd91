import { describe, expect, test } from 'vitest'
import { connectedClient, createSessionBench, settled, type TestClient } from '../support/session-clients.ts'

async function subscribed(bench: ReturnType<typeof createSessionBench>, channel: string): Promise<TestClient> {
  const client = await connectedClient(bench)
  await client.ask({ subscribe: { channel } })
  return client
}

describe('hub.drain()', () => {
  test('ends sessions with 3001 one after the other, with advice when to come back, and then the hub', async () => {
    const bench = createSessionBench({ sessions: { maxSessionsPerSecond: 100 } })
    const clients = await Promise.all(Array.from({ length: 600 }, () => connectedClient(bench)))
    const draining = bench.hub.drain({ overMs: 3000 })
    await bench.advance(1500, 25)
    const left = clients.filter(({ closedWith }) => closedWith !== undefined)
    expect(left.length).toBe(301)
    expect(left.at(-1)?.closedWith).toMatchObject({ code: 3001, reason: 'shutdown' })
    await bench.advance(1500, 25)
    await draining
    expect(clients.every(({ closedWith }) => closedWith?.code === 3001)).toBe(true)
    // 600 at 100 a second come back within 6 s: the last, who left after 3 s, another 3 s later.
    expect(clients.at(-1)?.closedWith?.delayMs).toBeGreaterThan(2900)
    await expect(bench.hub.publish('a', 1)).rejects.toMatchObject({ code: 'ERR_HUB_CLOSED' })
  })

  test('asked again is the same; options that are none are told at once', async () => {
    const { hub } = createSessionBench()
    expect(() => hub.drain({ overMs: -1 })).toThrow(/overMs/)
    expect(hub.isLeaving).toBe(false)
    const draining = hub.drain()
    expect(hub.drain()).toBe(draining)
    expect(hub.isLeaving).toBe(true)
    await draining
  })

  test('nobody comes in meanwhile; publishing goes on', async () => {
    const bench = createSessionBench()
    const clients = await Promise.all(Array.from({ length: 100 }, () => connectedClient(bench)))
    const draining = bench.hub.drain({ overMs: 1000 })
    expect(bench.hub.sessions.admit()).toMatchObject({ reason: 'draining', retryAfterMs: 1000 })
    const late = bench.client()
    expect(late.closedWith?.code).toBe(3001)
    expect((await bench.hub.publish('a', 1)).data).toBe(1)
    await bench.advance(1000, 25)
    await draining
    expect(clients.every(({ closedWith }) => closedWith?.code === 3001)).toBe(true)
  })

  test('what waits for a session goes first, what is published behind that does not', async () => {
    const bench = createSessionBench({ outbox: { highWaterMarkBytes: 0 } })
    const ann = await subscribed(bench, 'a')
    ann.isStalled = true
    for (const n of [1, 2, 3]) await bench.hub.publish('a', n)
    expect(ann.heard('a')).toEqual([1])
    const draining = bench.hub.drain({ overMs: 0 })
    await bench.hub.publish('a', 4)
    expect(ann.closedWith).toBeUndefined()
    ann.drain()
    expect(ann.heard('a')).toEqual([1, 2, 3])
    expect(ann.closedWith?.code).toBe(3001)
    await draining
  })

  test('a session that does not read is dropped when the time is up, and not before', async () => {
    const bench = createSessionBench({ outbox: { highWaterMarkBytes: 0 } })
    const ann = await subscribed(bench, 'a')
    ann.isStalled = true
    for (const n of [1, 2]) await bench.hub.publish('a', n)
    const draining = bench.hub.drain({ overMs: 100, graceMs: 500 })
    await bench.advance(475, 25)
    expect(ann.closedWith).toBeUndefined()
    await bench.advance(25, 25)
    expect(ann.closedWith).toEqual({ code: 3001, reason: 'shutdown' })
    await draining
  })

  test('a command that was asked before is answered before; one that comes behind is not heard', async () => {
    let answer = (_value: number): void => {}
    const called: unknown[] = []
    const bench = createSessionBench({
      rpc: {
        slow: () => new Promise<number>((resolve) => (answer = resolve)),
        quick: (data) => void called.push(data),
      },
    })
    const ann = await connectedClient(bench)
    await ann.ask({ rpc: { method: 'slow' } })
    const draining = bench.hub.drain({ overMs: 0 })
    ann.write({ id: 9, rpc: { method: 'quick' } })
    ann.write('no command')
    await settled()
    expect(ann.closedWith).toBeUndefined()
    answer(7)
    await settled()
    expect(ann.reply(2).rpc).toEqual({ data: 7 })
    expect(ann.closedWith?.code).toBe(3001)
    expect(called).toEqual([])
    await draining
  })

  test('a publish that nobody has decided on yet is refused so that it is tried again, and is not done', async () => {
    let decide = (_may: boolean): void => {}
    const bench = createSessionBench({
      namespaces: { '': { publish: () => new Promise<boolean>((resolve) => (decide = resolve)) } },
    })
    const ann = await connectedClient(bench)
    await ann.ask({ publish: { channel: 'a', data: 1 } })
    const draining = bench.hub.drain({ overMs: 0 })
    decide(true)
    await settled()
    expect(ann.reply(2).error).toMatchObject({ code: 100, temporary: true })
    expect(ann.closedWith?.code).toBe(3001)
    await draining
    expect(bench.hub.stats.published).toBe(0)
  })

  test('a subscription on its way is not given up: the client is not told a word that would end it', async () => {
    let decide = (_may: boolean): void => {}
    const bench = createSessionBench({
      namespaces: { '': { subscribe: () => new Promise<boolean>((resolve) => (decide = resolve)) } },
    })
    const ann = await connectedClient(bench)
    await ann.ask({ subscribe: { channel: 'a' } })
    const draining = bench.hub.drain({ overMs: 0 })
    expect(ann.closedWith).toBeUndefined()
    decide(true)
    await settled()
    expect(ann.reply(2).subscribe).toBeDefined()
    expect(ann.closedWith?.code).toBe(3001)
    expect(ann.pushes).toEqual([])
    await draining
  })

  test('subscriptions end without a word; the application hears of the session once', async () => {
    const told: unknown[] = []
    const bench = createSessionBench({
      outbox: { highWaterMarkBytes: 0 },
      onDisconnect: (session, { code }) => told.push([session.client, code]),
      onUnsubscribe: () => told.push('unsubscribed'),
    })
    const ann = await subscribed(bench, 'a')
    ann.isStalled = true
    for (const n of [1, 2]) await bench.hub.publish('a', n)
    const draining = bench.hub.drain({ overMs: 0 })
    expect(bench.hub.stats.subscriptions).toBe(0)
    ann.drain()
    await draining
    expect(told).toEqual([[ann.session.client, 3001]])
    expect(ann.pushes.length).toBe(2)
  })

  test('clients that have not connected, or are being asked who they are, leave at once', async () => {
    const bench = createSessionBench({ authenticate: () => new Promise(() => {}) })
    const [silent, asked] = [bench.client(), bench.client()]
    asked.write({ id: 1, connect: {} })
    const draining = bench.hub.drain({ overMs: 0 })
    expect([silent, asked].map(({ closedWith }) => closedWith?.code)).toEqual([3001, 3001])
    await draining
  })

  test('close() in between ends it', async () => {
    const bench = createSessionBench()
    const clients = await Promise.all(Array.from({ length: 300 }, () => connectedClient(bench)))
    const draining = bench.hub.drain()
    await bench.hub.close()
    expect(clients.every(({ closedWith }) => closedWith?.code === 3001)).toBe(true)
    await bench.advance(3000, 25)
    await draining
  })
})
