import { Hub, HubError } from '@wigwag/hub'
import { retainedBytes } from '@wigwag/testkit'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { isFailed, isLive, RecordingSubscriber, settle } from './support/recording-subscriber.ts'
import { RemoteBroker, RemoteStore } from './support/remote-broker.ts'

function nodes(store = new RemoteStore()): { hub: Hub; broker: RemoteBroker; elsewhere: Hub } {
  const broker = new RemoteBroker(store)
  const [hub, elsewhere] = [new Hub({ broker }), new Hub({ broker: new RemoteBroker(store) })]
  onTestFinished(async () => {
    await hub.close()
    await elsewhere.close()
  })
  return { hub, broker, elsewhere }
}

async function subscribed(hub: Hub, after?: { epoch: string; offset: number }): Promise<RecordingSubscriber> {
  const subscriber = new RecordingSubscriber()
  hub.subscribe('a', subscriber, after)
  await subscriber.until(isLive)
  return subscriber
}

test('what was published elsewhere while the broker was away is recovered when it is back, in order, before what comes then', async () => {
  const { hub, broker, elsewhere } = nodes()
  const [first, second] = [await subscribed(hub), await subscribed(hub)]
  await hub.publish('a', 1)
  broker.cut()
  await elsewhere.publish('a', 2)
  await elsewhere.publish('a', 3)
  broker.mend()
  await elsewhere.publish('a', 4)
  await settle()
  for (const { words } of [first, second]) expect(words).toEqual(['live', 1, 2, 3, 4, 'live'])
})

test('nothing is told twice when nothing was missed, and live says that it was none', async () => {
  const { hub, broker } = nodes()
  const subscriber = await subscribed(hub)
  await hub.publish('a', 1)
  broker.cut()
  broker.mend()
  await settle()
  expect(subscriber.told.at(-1)).toMatchObject({ live: { offset: 1 }, recovered: 0 })
  expect(subscriber.data).toEqual([1])
})

test('each publication that is recovered is encoded once for all who read it in the same way', async () => {
  const { hub, broker, elsewhere } = nodes()
  let encoded = 0
  const codec = {
    encode: (publication: never) => {
      encoded++
      return publication
    },
  }
  const subscribers = Array.from({ length: 10 }, () => new RecordingSubscriber(codec))
  for (const subscriber of subscribers) hub.subscribe('a', subscriber)
  await settle()
  await hub.publish('a', 'known to all')
  await settle()
  encoded = 0
  broker.cut()
  await elsewhere.publish('a', 1)
  await elsewhere.publish('a', 2)
  broker.mend()
  await settle()
  for (const { data } of subscribers) expect(data).toEqual(['known to all', 1, 2])
  expect(encoded).toBe(2)
})

test('whoever subscribes while the broker is away waits for it, and misses nothing', async () => {
  const { hub, broker, elsewhere } = nodes()
  const { position } = await elsewhere.publish('a', 'before')
  broker.cut()
  const [fresh, back] = [new RecordingSubscriber(), new RecordingSubscriber()]
  hub.subscribe('a', fresh)
  hub.subscribe('a', back, { epoch: position?.epoch ?? '', offset: 0 })
  await settle()
  expect([fresh.told, back.told]).toEqual([[], []])
  await elsewhere.publish('a', 'meanwhile')
  broker.mend()
  await settle()
  await elsewhere.publish('a', 'behind')
  await settle()
  expect(fresh.words).toEqual(['live', 'behind'])
  expect(back.words).toEqual(['before', 'meanwhile', 'live', 'behind'])
})

test('a broker that goes away while history is read is asked again', async () => {
  const { hub, broker, elsewhere } = nodes()
  const subscriber = new RecordingSubscriber()
  hub.subscribe('a', subscriber)
  broker.cut()
  await settle()
  broker.mend()
  broker.cut()
  await settle()
  await elsewhere.publish('a', 'meanwhile')
  broker.mend()
  await settle()
  await elsewhere.publish('a', 'behind')
  await settle()
  expect(subscriber.words).toEqual(['live', 'behind'])
})

test('more than history holds is a gap, then what it holds', async () => {
  const { hub, broker, elsewhere } = nodes(new RemoteStore({ history: { size: 2 } }))
  const subscriber = await subscribed(hub)
  await hub.publish('a', 1)
  broker.cut()
  for (const data of [2, 3, 4, 5]) await elsewhere.publish('a', data)
  broker.mend()
  await settle()
  expect(subscriber.words).toEqual(['live', 1, 'gap', 4, 5, 'live'])
})

test('without history telling just goes on: delivery is at most once', async () => {
  const { hub, broker, elsewhere } = nodes(new RemoteStore({ history: { size: 0 } }))
  const subscriber = await subscribed(hub)
  broker.cut()
  await elsewhere.publish('a', 'missed')
  expect(await hub.publish('a', 'here')).toMatchObject({ degraded: true })
  broker.mend()
  await elsewhere.publish('a', 'behind')
  await settle()
  expect(subscriber.words).toEqual(['live', 'here', 'behind'])
})

test('publishing while the broker is away is refused, and nobody is told', async () => {
  const { hub, broker } = nodes()
  const subscriber = await subscribed(hub)
  broker.cut()
  await expect(hub.publish('a', 1)).rejects.toMatchObject({ code: 'ERR_BROKER_UNAVAILABLE' })
  expect(hub.status).toMatchObject({ state: 'disconnected' })
  expect(subscriber.data).toEqual([])
  expect(hub.stats.published).toBe(0)
})

test('history that cannot be read although the broker is there ends the subscriptions that have to recover', async () => {
  const { hub, broker, elsewhere } = nodes()
  const subscriber = await subscribed(hub)
  await hub.publish('a', 1)
  broker.cut()
  broker.history = () => Promise.reject(new HubError('ERR_BROKER_UNAVAILABLE', 'LOADING'))
  await elsewhere.publish('a', 2)
  broker.mend()
  await subscriber.until(isFailed)
  expect(hub.stats.subscriptions).toBe(0)
})

/** Has every answer of history wait until the function that is returned is called. */
function holdHistory(broker: RemoteBroker): () => void {
  const read = broker.history.bind(broker)
  let release = (): void => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  broker.history = async (...asked) => {
    const history = await read(...asked)
    await released
    return history
  }
  return release
}

test('what a subscription held of a stream that was lost does not come behind what the new one holds', async () => {
  const store = new RemoteStore()
  const { hub, broker, elsewhere } = nodes(store)
  const start = (await elsewhere.history('a')).position
  const release = holdHistory(broker)
  const subscriber = new RecordingSubscriber()
  hub.subscribe('a', subscriber, start)
  await settle()
  await elsewhere.publish('a', 'lost')
  broker.cut()
  store.loseStreams()
  await elsewhere.publish('a', 'new')
  broker.mend()
  release()
  await settle()
  expect(subscriber.words).toEqual(['gap', 'new', 'live'])
  expect(subscriber.told.at(-1)).toMatchObject({ live: { epoch: 'epoch-2', offset: 1 } })
})

describe('a gap in a stream that began anew says until when a subscription had been told everything', () => {
  async function toldUntil(
    before: (all: ReturnType<typeof nodes> & { store: RemoteStore }) => Promise<RecordingSubscriber>,
  ): Promise<number> {
    const store = new RemoteStore()
    const all = nodes(store)
    const startMs = store.nowMs
    const subscriber = await before({ ...all, store })
    all.broker.cut()
    store.loseStreams()
    all.broker.mend()
    await settle()
    const told = subscriber.told.find((each) => 'gap' in each)
    expect(told).toMatchObject({ gap: { reason: 'epoch-changed' } })
    return (told?.toldUntilMs ?? Number.NaN) - startMs
  }

  test('what was recovered counts as well as what came live', async () => {
    const toldMs = await toldUntil(async ({ hub, elsewhere, store }) => {
      const start = (await elsewhere.history('a')).position
      store.advance(1)
      await elsewhere.publish('a', 'recovered')
      return subscribed(hub, start)
    })
    expect(toldMs).toBe(1)
  })

  test('whoever came later than what the channel was told last does not get that either', async () => {
    const toldMs = await toldUntil(async ({ hub, elsewhere, store }) => {
      await subscribed(hub)
      store.advance(1)
      await elsewhere.publish('a', 'before')
      return subscribed(hub)
    })
    expect(toldMs).toBe(1)
  })

  test('what came in between two outages, and was never told, does not', async () => {
    const toldMs = await toldUntil(async ({ hub, broker, elsewhere, store }) => {
      const subscriber = await subscribed(hub)
      store.advance(1)
      await elsewhere.publish('a', 'told')
      const release = holdHistory(broker)
      broker.cut()
      broker.mend()
      await settle()
      store.advance(1)
      await elsewhere.publish('a', 'held')
      queueMicrotask(release)
      return subscriber
    })
    expect(toldMs).toBe(1)
  })
})

test('a channel that cannot be subscribed to while the broker is away ends its subscriptions: nobody would ever wake them', async () => {
  const { hub, broker } = nodes()
  broker.cut()
  broker.subscribe = () => Promise.reject(new HubError('ERR_CHANNEL_LIMIT', 'All channels are in use.'))
  const subscriber = new RecordingSubscriber()
  hub.subscribe('a', subscriber)
  await settle()
  expect(subscriber.told).toMatchObject([{ failed: { code: 'ERR_CHANNEL_LIMIT' } }])
  expect(hub.stats).toMatchObject({ channels: 0, subscriptions: 0 })
})

test('who came and left while the broker was away is not kept until it is back', async () => {
  const { hub, broker } = nodes()
  const stays = await subscribed(hub)
  broker.cut()
  const comeAndLeave = async (): Promise<void> => {
    const subscriber = Object.assign(new RecordingSubscriber(), { held: new Uint8Array(1_000_000) })
    const subscription = hub.subscribe('a', subscriber)
    await settle()
    hub.unsubscribe('a', subscription)
  }
  await comeAndLeave()
  const before = retainedBytes()
  for (let i = 0; i < 20; i++) await comeAndLeave()
  await settle()
  expect(retainedBytes() - before).toBeLessThan(5_000_000)
  broker.mend()
  await hub.publish('a', 'behind')
  await settle()
  expect(stays.data).toEqual(['behind'])
})

test('any order of publishing, cuts and comings gives every subscriber everything once and in order', async () => {
  const step = fc.constantFrom('publish', 'publish', 'cut', 'mend', 'subscribe', 'settle')
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const store = new RemoteStore()
      const broker = new RemoteBroker(store)
      const [hub, elsewhere] = [new Hub({ broker }), new Hub({ broker: new RemoteBroker(store) })]
      const start = (await elsewhere.history('a')).position
      const subscribers: RecordingSubscriber[] = []
      let published = 0
      for (const each of steps) {
        if (each === 'publish') await elsewhere.publish('a', ++published)
        if (each === 'cut') broker.cut()
        if (each === 'mend' && broker.status.state === 'disconnected') broker.mend()
        if (each === 'settle') await settle()
        if (each !== 'subscribe') continue
        const subscriber = new RecordingSubscriber()
        subscribers.push(subscriber)
        hub.subscribe('a', subscriber, start)
      }
      if (broker.status.state === 'disconnected') broker.mend()
      await settle()
      const all = Array.from({ length: published }, (_, i) => i + 1)
      for (const subscriber of subscribers) {
        expect(subscriber.data).toEqual(all)
        expect(subscriber.told.some((told) => 'gap' in told || 'failed' in told)).toBe(false)
      }
      await hub.close()
      await elsewhere.close()
    }),
  )
})
