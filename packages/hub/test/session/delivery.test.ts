import type { HubOptions, NamespaceOptions } from '@wigwag/hub'
import { describe, expect, test } from 'vitest'
import { DelayedBroker } from '../support/delayed-broker.ts'
import { RemoteBroker, RemoteStore } from '../support/remote-broker.ts'
import {
  connectedClient,
  createSessionBench,
  type SessionBench,
  settled,
  type TestClient,
} from '../support/session-clients.ts'

/** A client that is subscribed and does not read, with room for two small publications. */
async function stalled(
  namespace: NamespaceOptions,
  hooks: Partial<HubOptions> = {},
): Promise<{ bench: SessionBench; client: TestClient }> {
  const bench = createSessionBench({
    namespaces: { '': {}, x: namespace },
    outbox: { highWaterMarkBytes: 10, maxQueuedPackets: 2 },
    ...hooks,
  })
  const client = await connectedClient(bench)
  for (const channel of ['x:1', 'calm']) await client.ask({ subscribe: { channel } })
  client.isStalled = true
  client.bufferedAmount = 100
  return { bench, client }
}

describe('a session that does not read', () => {
  test("by policy 'disconnect' ends with 3008, to come back and recover", async () => {
    const { bench, client } = await stalled({})
    for (let n = 1; n <= 3; n++) await bench.hub.publish('x:1', n)
    expect(client.closedWith).toEqual({ code: 3008, reason: 'slow' })
    expect(bench.hub.stats).toMatchObject({ subscriptions: 0, sessions: 0 })
  })

  test("by policy 'drop-oldest' is current when it reads again, and the application hears what it was not sent", async () => {
    const dropped: unknown[] = []
    const { bench, client } = await stalled(
      { slowConsumer: { policy: 'drop-oldest' } },
      { onDropped: (session, what) => dropped.push([session.client, what]) },
    )
    for (let n = 1; n <= 5; n++) await bench.hub.publish('x:1', n)
    client.drain()
    expect(client.heard('x:1')).toEqual([4, 5])
    const since = { epoch: 'epoch-1', offset: 1 }
    expect(dropped).toEqual([[client.session.client, { channel: 'x:1', count: 3, since }]])
    expect(client.closedWith).toBeUndefined()
  })

  test("by policy 'drop-newest', where it may recover, is unsubscribed with 2500, and its other subscription goes on", async () => {
    const { bench, client } = await stalled({ slowConsumer: { policy: 'drop-newest' }, recover: true })
    for (let n = 1; n <= 5; n++) await bench.hub.publish('x:1', n)
    client.drain()
    await bench.hub.publish('calm', 'after')
    expect(client.heard('x:1')).toEqual([1, 2])
    expect(client.pushes.slice(2)).toEqual([
      { channel: 'x:1', unsubscribe: { code: 2500, reason: 'insufficient state' } },
      { channel: 'calm', pub: { data: 'after', offset: 1 } },
    ])
    const position = { epoch: 'epoch-1', offset: 2 }
    const { subscribe } = await client.ask({ subscribe: { channel: 'x:1', recover: true, ...position } })
    expect(subscribe?.publications?.map(({ data }) => data)).toEqual([3, 4, 5])
  })

  test("by policy 'drop-newest', where it may recover and the server has subscribed it, ends with 3010", async () => {
    const bench = createSessionBench({
      authenticate: () => ({ user: 'ann', channels: ['x:1'] }),
      namespaces: { x: { slowConsumer: { policy: 'drop-newest' }, recover: true } },
      outbox: { highWaterMarkBytes: 10, maxQueuedPackets: 2 },
    })
    const client = await connectedClient(bench)
    client.isStalled = true
    client.bufferedAmount = 100
    for (let n = 1; n <= 3; n++) await bench.hub.publish('x:1', n)
    expect(client.closedWith?.code).toBe(3010)
  })

  test("by policy 'conflate' has the newest of every key", async () => {
    const { bench, client } = await stalled({
      slowConsumer: { policy: 'conflate', key: (data) => (data as { symbol: string }).symbol },
    })
    for (let n = 1; n <= 9; n++) await bench.hub.publish('x:1', { symbol: n % 2 === 0 ? 'even' : 'odd', n })
    client.drain()
    expect(client.heard('x:1')).toEqual([
      { symbol: 'even', n: 8 },
      { symbol: 'odd', n: 9 },
    ])
  })

  test('loses a subscription, not itself, by a key that throws', async () => {
    const { bench, client } = await stalled({
      slowConsumer: {
        policy: 'conflate',
        key: () => {
          throw new Error('no symbol')
        },
      },
    })
    await bench.hub.publish('x:1', 1)
    client.drain()
    expect(client.pushes).toEqual([{ channel: 'x:1', unsubscribe: { code: 2000, reason: 'internal server error' } }])
    expect(bench.reports.length).toBe(1)
    expect(client.session.channels).toEqual(['calm'])
  })

  test('that asks and does not read answers ends with 3008', async () => {
    const bench = createSessionBench({ outbox: { highWaterMarkBytes: 10, maxControlPackets: 5 } })
    const client = await connectedClient(bench)
    client.isStalled = true
    client.bufferedAmount = 100
    for (let id = 10; id < 16; id++) client.write({ id, ping: {} })
    expect(client.closedWith?.code).toBe(3008)
  })
})

test('who is unsubscribed while another channel of its credentials is read is not told to be subscribed', async () => {
  const store = new RemoteStore()
  const delayed = new DelayedBroker(new RemoteBroker(store))
  const bench = createSessionBench({ broker: delayed, authenticate: () => ({ user: 'ann', channels: ['a', 'b'] }) })
  const client = bench.client()
  client.write({ id: 1, connect: {} })
  await settled()
  // Both are subscribed to at the broker, and the history of one has come.
  for (const lane of ['calls', 'calls', 'answers', 'answers', 'calls', 'answers'] as const) {
    delayed.release(lane)
    await settled()
  }
  client.session.unsubscribe('a')
  delayed.releaseAll()
  await settled()
  expect(Object.keys(client.reply(1).connect?.subs ?? {})).toEqual(['b'])
  expect(client.session.channels).toEqual(['b'])
})

describe('while the broker was away', () => {
  async function cutOff(namespace: NamespaceOptions): Promise<{
    client: TestClient
    broker: RemoteBroker
    store: RemoteStore
    elsewhere: SessionBench
    here: SessionBench
  }> {
    const store = new RemoteStore()
    const broker = new RemoteBroker(store)
    const here = createSessionBench({ broker, namespaces: { '': namespace } })
    const elsewhere = createSessionBench({ broker: new RemoteBroker(store), namespaces: { '': namespace } })
    const client = await connectedClient(here)
    await client.ask({ subscribe: { channel: 'a' } })
    await here.hub.publish('a', 1)
    broker.cut()
    return { client, broker, store, elsewhere, here }
  }

  test('a stream that was lost ends a session that the server had subscribed: its client would not do so itself', async () => {
    const store = new RemoteStore()
    const broker = new RemoteBroker(store)
    const bench = createSessionBench({ broker, authenticate: () => ({ user: 'ann', channels: ['inbox'] }) })
    const client = await connectedClient(bench)
    await bench.hub.publish('inbox', 1)
    broker.cut()
    store.loseStreams()
    broker.mend()
    await settled()
    expect(client.closedWith).toEqual({ code: 3010, reason: 'insufficient state' })
    const again = bench.client()
    const { connect } = await again.ask({
      connect: { subs: { inbox: { recover: true, epoch: 'epoch-1', offset: 1 } } },
    })
    expect(connect?.subs?.['inbox']).toMatchObject({ recovered: false, was_recovering: true, epoch: 'epoch-2' })
  })

  test('nothing is lost of what was published elsewhere: it comes as if it were live', async () => {
    const { client, broker, elsewhere } = await cutOff({})
    for (const n of [2, 3]) await elsewhere.hub.publish('a', n)
    broker.mend()
    await elsewhere.hub.publish('a', 4)
    await settled()
    expect(client.heard('a')).toEqual([1, 2, 3, 4])
  })

  test('a stream that was lost ends the subscription with 2500: its client recovers, and hears that it could not', async () => {
    const { client, broker, store, elsewhere } = await cutOff({})
    store.loseStreams()
    await elsewhere.hub.publish('a', 'new')
    broker.mend()
    await settled()
    expect(client.pushes.slice(1)).toEqual([
      { channel: 'a', unsubscribe: { code: 2500, reason: 'insufficient state' } },
    ])
    const { subscribe } = await client.ask({ subscribe: { channel: 'a', recover: true, epoch: 'epoch-1', offset: 1 } })
    expect(subscribe).toMatchObject({ recovered: false, was_recovering: true, epoch: 'epoch-2', offset: 1 })
    expect(client.session.channels).toEqual(['a'])
  })

  test('and one of the channels of a connect reply lost its stream before the other was ready: the client comes back', async () => {
    const store = new RemoteStore()
    const broker = new RemoteBroker(store)
    const delayed = new DelayedBroker(broker)
    const bench = createSessionBench({ broker: delayed, authenticate: () => ({ user: 'ann', channels: ['a', 'b'] }) })
    await bench.hub.publish('a', 1)
    const client = bench.client()
    await client.connect()
    // Both are subscribed at the broker; of the two histories only that of the first has been read.
    for (const lane of ['calls', 'calls', 'answers', 'answers', 'calls', 'answers', 'calls'] as const) {
      delayed.release(lane)
      await settled()
    }
    broker.cut()
    store.loseStreams()
    broker.mend()
    delayed.releaseAll()
    await settled()
    await settled()
    expect(client.packets).toEqual([])
    expect(client.closedWith?.code).toBe(3010)
  })

  test('who cannot recover goes on, and hears nothing twice', async () => {
    const { client, broker, store, elsewhere } = await cutOff({ recover: false })
    store.loseStreams()
    broker.mend()
    await settled()
    store.advance(1)
    await elsewhere.hub.publish('a', 2)
    await settled()
    expect(client.heard('a')).toEqual([1, 2])
    expect(client.pushes.length).toBe(2)
  })
})

test('a publication is written once for all sessions of a channel', async () => {
  const bench = createSessionBench()
  const clients = await Promise.all(Array.from({ length: 5 }, () => connectedClient(bench)))
  const packets = new Set<unknown>()
  for (const client of clients) {
    await client.ask({ subscribe: { channel: 'a' } })
    client.send = (packet) => packets.add(packet)
  }
  await bench.hub.publish('a', { n: 1 })
  expect(packets.size).toBe(1)
})
