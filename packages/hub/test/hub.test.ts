import { type Broker, type History, Hub, type HubErrorCode, type Publication, type PublicationCodec } from '@wigwag/hub'
import { createHub } from '@wigwag/hub/node'
import { afterEach, describe, expect, test } from 'vitest'
import { DelayedBroker } from './support/delayed-broker.ts'
import { createManualBroker } from './support/manual-broker.ts'
import { isFailed, isLive, RecordingSubscriber, settle } from './support/recording-subscriber.ts'

const hubs = new Set<Hub>()

function hubWith(broker: Broker = createManualBroker().broker, maxPublicationBytes?: number): Hub {
  const hub = new Hub({ broker, ...(maxPublicationBytes === undefined ? {} : { maxPublicationBytes }) })
  hubs.add(hub)
  return hub
}

afterEach(async () => {
  for (const hub of hubs) await hub.close().catch(() => {})
  hubs.clear()
})

async function subscribed(
  hub: Hub,
  channel = 'a',
  codec?: PublicationCodec<Publication>,
): Promise<RecordingSubscriber> {
  const subscriber = new RecordingSubscriber(codec)
  hub.subscribe(channel, subscriber)
  await subscriber.until(isLive)
  return subscriber
}

const failing = (what: Partial<Broker>): Broker => Object.assign(createManualBroker().broker, what)
const rejects = (message: string) => () => Promise.reject(new Error(message))

describe('publish', () => {
  test('resolves with the publication as it was stored, and delivers it to every subscriber of the channel', async () => {
    const hub = hubWith()
    const [first, second, other] = [await subscribed(hub), await subscribed(hub), await subscribed(hub, 'b')]
    const publication = await hub.publish('a', { n: 1 })
    expect(publication).toMatchObject({ channel: 'a', data: { n: 1 }, position: { offset: 1 } })
    expect(first.told.at(-1)).toEqual({ publication })
    expect(second.data).toEqual([{ n: 1 }])
    expect(other.data).toEqual([])
  })

  const circular: unknown[] = []
  circular.push(circular)
  const wrong: [string, string, unknown, HubErrorCode][] = [
    ['a name that is none', '__a', 1, 'ERR_CHANNEL_NAME'],
    ['undefined', 'a', undefined, 'ERR_PUBLICATION_DATA'],
    ['a function', 'a', () => 1, 'ERR_PUBLICATION_DATA'],
    ['a BigInt', 'a', 1n, 'ERR_PUBLICATION_DATA'],
    ['what refers to itself', 'a', circular, 'ERR_PUBLICATION_DATA'],
    ['text too large', 'a', 'x'.repeat(11), 'ERR_PUBLICATION_TOO_LARGE'],
    ['bytes too large', 'a', new Uint8Array(11), 'ERR_PUBLICATION_TOO_LARGE'],
    ['JSON too large', 'a', ['123456789'], 'ERR_PUBLICATION_TOO_LARGE'],
  ]
  test.each(wrong)('rejects %s', async (_what, channel, data, code) => {
    const hub = hubWith(undefined, 10)
    await expect(hub.publish(channel, data as string)).rejects.toMatchObject({ name: 'HubError', code })
    expect(hub.stats.published).toBe(0)
  })

  test('takes tags along to whoever is subscribed, and refuses what are none', async () => {
    const hub = hubWith()
    const subscriber = await subscribed(hub)
    const publication = await hub.publish('a', 1, { tags: { trace: 'x' } })
    expect(publication.tags).toEqual({ trace: 'x' })
    expect(subscriber.told.at(-1)).toEqual({ publication })
    const wrong = hub.publish('a', 2, { tags: { trace: 1 as unknown as string } })
    await expect(wrong).rejects.toMatchObject({ code: 'ERR_TAGS' })
    expect(hub.stats.published).toBe(1)
  })

  test('counts text in bytes of UTF-8', async () => {
    const hub = hubWith(undefined, 10)
    for (const fits of ['1234567890', 'žžžžž', '€€€1', '🐎🐎12', new Uint8Array(10)]) await hub.publish('a', fits)
    for (const text of ['žžžžž1', '€€€€', '🐎🐎123']) {
      await expect(hub.publish('a', text)).rejects.toMatchObject({ code: 'ERR_PUBLICATION_TOO_LARGE' })
    }
  })

  test('a broker that fails is ERR_BROKER_UNAVAILABLE, with why, and counts nothing', async () => {
    const hub = hubWith(failing({ publish: rejects('no route') }))
    const code = 'ERR_BROKER_UNAVAILABLE'
    await expect(hub.publish('a', 1)).rejects.toMatchObject({ code, message: expect.stringContaining('no route') })
    expect(hub.stats.published).toBe(0)
  })

  test('waits until the broker has started, and says so when it could not', async () => {
    let start: (() => void) | undefined
    const calls: string[] = []
    const { broker } = createManualBroker()
    const { publish } = broker
    const hub = hubWith(
      Object.assign(broker, {
        start: () =>
          new Promise<void>((resolve) => {
            start = resolve
          }),
        publish: (channel: string, data: string) => {
          calls.push(data)
          return publish.call(broker, channel, data)
        },
      }),
    )
    const published = Promise.all([hub.publish('a', 'first'), hub.publish('a', 'second')])
    await settle()
    expect(calls).toEqual([])
    start?.()
    expect((await published).map(({ position }) => position?.offset)).toEqual([1, 2])
    expect(calls).toEqual(['first', 'second'])

    const dead = hubWith(failing({ start: rejects('refused') }))
    await expect(dead.publish('a', 1)).rejects.toMatchObject({ code: 'ERR_BROKER_UNAVAILABLE' })
  })
})

describe('history', () => {
  const data = ({ publications }: History): unknown[] => publications.map((publication) => publication.data)

  test('has what came after a position, the latest, or only where the stream stands', async () => {
    const hub = hubWith()
    const { position } = await hub.publish('a', 1)
    await hub.publish('a', 2)
    const last = await hub.publish('a', 3)
    expect(data(await hub.history('a', position))).toEqual([2, 3])
    expect(await hub.history('a', 'latest')).toMatchObject({ position: last.position, publications: [last] })
    expect(await hub.history('a')).toEqual({ position: last.position, publications: [], gap: undefined })
    expect(hub.stats).toMatchObject({ channels: 0, subscriptions: 0 })
  })

  test('is read in pieces, forwards and back', async () => {
    const hub = hubWith()
    const { position } = await hub.publish('a', 1)
    const last = [await hub.publish('a', 2), await hub.publish('a', 3)].at(-1) as Publication
    const first = await hub.history('a', position, { limit: 1 })
    expect([data(first), first.position]).toEqual([[2], last.position])
    expect(data(await hub.history('a', last.position, { reverse: true }))).toEqual([2, 1])
    for (const limit of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(hub.history('a', position, { limit })).rejects.toMatchObject({ code: 'ERR_OPTION' })
    }
  })

  test('is removed, and whoever asks from before is told of the gap', async () => {
    const hub = hubWith()
    const { position } = await hub.publish('a', 1)
    await hub.publish('a', 2)
    await hub.removeHistory('a')
    expect(await hub.history('a', position)).toMatchObject({ publications: [], gap: { reason: 'history-expired' } })
    await expect(hub.removeHistory('__a')).rejects.toMatchObject({ code: 'ERR_CHANNEL_NAME' })
    const failed = hubWith(failing({ removeHistory: rejects('no route') })).removeHistory('a')
    await expect(failed).rejects.toMatchObject({ code: 'ERR_BROKER_UNAVAILABLE' })
  })

  test('rejects a name that is none, a broker that fails, and a hub that is closed', async () => {
    await expect(hubWith().history('__a')).rejects.toMatchObject({ code: 'ERR_CHANNEL_NAME' })
    const code = 'ERR_BROKER_UNAVAILABLE'
    await expect(hubWith(failing({ history: rejects('no route') })).history('a')).rejects.toMatchObject({ code })
    await expect(hubWith(failing({ start: rejects('refused') })).history('a')).rejects.toMatchObject({ code })
    const closed = hubWith()
    await closed.close()
    await expect(closed.history('a')).rejects.toMatchObject({ code: 'ERR_HUB_CLOSED' })
  })
})

describe('fan-out', () => {
  test('encodes once for each codec, however many subscribers it has', async () => {
    const calls = [0, 0]
    const codecs = calls.map((_, i) => ({
      encode: (publication: Publication) => {
        calls[i] = (calls[i] ?? 0) + 1
        return publication
      },
    }))
    const hub = hubWith()
    for (let i = 0; i < 100; i++) await subscribed(hub, 'a', codecs[i % 2])
    await hub.publish('a', 1)
    expect(calls).toEqual([1, 1])
    expect(hub.stats).toMatchObject({ channels: 1, subscriptions: 100, published: 1, delivered: 100 })
  })

  test('a codec that throws ends the subscriptions that use it, and costs neither the others nor the publisher anything', async () => {
    const hub = hubWith()
    const codec = {
      encode: () => {
        throw new RangeError('Maximum call stack size exceeded')
      },
    }
    const [first, broken, last] = [await subscribed(hub), await subscribed(hub, 'a', codec), await subscribed(hub)]
    await expect(hub.publish('a', 1)).resolves.toMatchObject({ data: 1 })
    await hub.publish('a', 2)
    expect([first.data, last.data]).toEqual([
      [1, 2],
      [1, 2],
    ])
    expect(broken.told.at(-1)).toMatchObject({ failed: { code: 'ERR_SUBSCRIBER' } })
    expect(broken.told.filter(isFailed)).toHaveLength(1)
    expect(hub.stats.subscriptions).toBe(2)
  })

  test('a subscriber that throws leaves nothing behind, at the hub or at the broker', async () => {
    const left: string[] = []
    const hub = hubWith(failing({ unsubscribe: async (channel) => void left.push(channel) }))
    const subscriber = await subscribed(hub)
    subscriber.onTold = () => {
      throw new Error('from the subscriber')
    }
    await hub.publish('a', 1)
    await settle()
    expect(subscriber.told.at(-1)).toMatchObject({ failed: { code: 'ERR_SUBSCRIBER' } })
    expect(hub.stats.subscriptions).toBe(0)
    expect(left).toEqual(['a'])
  })

  test('a subscriber that leaves during a fan-out is told nothing more, and the others are told', async () => {
    const hub = hubWith()
    const first = new RecordingSubscriber()
    const second = new RecordingSubscriber()
    hub.subscribe('a', first)
    const subscription = hub.subscribe('a', second)
    const third = await subscribed(hub)
    first.onTold = () => hub.unsubscribe('a', subscription)
    await hub.publish('a', 1)
    expect([first.data, second.data, third.data]).toEqual([[1], [], [1]])
  })

  test('a subscriber that comes during a fan-out starts behind that publication', async () => {
    const hub = hubWith()
    const first = await subscribed(hub)
    const late = new RecordingSubscriber()
    first.onTold = () => {
      first.onTold = () => {}
      hub.subscribe('a', late)
    }
    await hub.publish('a', 1)
    await late.until(isLive)
    await hub.publish('a', 2)
    expect(late.words).toEqual(['live', 2])
    expect(late.told[0]).toMatchObject({ live: { offset: 1 } })
  })

  test('what a subscriber publishes while it is told comes behind, for everyone', async () => {
    const hub = hubWith()
    const first = await subscribed(hub)
    const second = await subscribed(hub)
    let answer: Promise<Publication> | undefined
    first.onTold = () => {
      first.onTold = () => {}
      answer = hub.publish('a', 'answer')
    }
    await hub.publish('a', 'question')
    await answer
    expect(first.data).toEqual(['question', 'answer'])
    expect(second.data).toEqual(['question', 'answer'])
  })
})

describe('subscribe', () => {
  test('resumes behind a position', async () => {
    const hub = hubWith()
    const { position } = await hub.publish('a', 1)
    await hub.publish('a', 2)
    const subscriber = new RecordingSubscriber()
    hub.subscribe('a', subscriber, position)
    await subscriber.until(isLive)
    await hub.publish('a', 3)
    expect(subscriber.words).toEqual([2, 'live', 3])
  })

  test('throws ERR_CHANNEL_NAME for a name that is none', () => {
    const hub = hubWith()
    const subscribe = () => hub.subscribe('a b', new RecordingSubscriber())
    expect(subscribe).toThrow(expect.objectContaining({ code: 'ERR_CHANNEL_NAME' }))
    expect(hub.stats.subscriptions).toBe(0)
  })

  for (const step of ['start', 'subscribe', 'history'] as const) {
    test(`tells the subscriber when the broker fails to ${step}, and keeps nothing`, async () => {
      const hub = hubWith(failing({ [step]: rejects('down') }))
      const subscriber = new RecordingSubscriber()
      hub.subscribe('a', subscriber)
      await subscriber.until(isFailed)
      expect(subscriber.told).toMatchObject([{ failed: { code: 'ERR_BROKER_UNAVAILABLE' } }])
      expect(hub.stats).toMatchObject({ channels: 0, subscriptions: 0 })
    })
  }

  test('a subscription that failed because too much came while it recovered leaves nothing behind', async () => {
    const delayed = new DelayedBroker(createManualBroker().broker)
    const hub = hubWith(delayed)
    const subscriber = new RecordingSubscriber()
    hub.subscribe('a', subscriber)
    await settle()
    delayed.release('calls')
    await settle()
    delayed.release('answers')
    await settle()
    for (let i = 0; i <= 10_000; i++) await hub.publish('a', i)
    while (delayed.waiting('publications') > 0) delayed.release('publications')
    expect(subscriber.told).toMatchObject([{ failed: { code: 'ERR_SUBSCRIPTION_OVERRUN' } }])
    delayed.releaseAll()
    await settle()
    expect(hub.stats).toMatchObject({ channels: 0, subscriptions: 0 })
  })

  test('a channel that was left in the same turn is left at the broker, too', async () => {
    const { broker } = createManualBroker({ maxChannels: 1 })
    const hub = hubWith(broker)
    hub.unsubscribe('a', hub.subscribe('a', new RecordingSubscriber()))
    await settle()
    await expect(hub.publish('b', 'there is room for it')).resolves.toBeDefined()
  })
})

describe('unsubscribe', () => {
  test('tells nothing more; twice is like once', async () => {
    const hub = hubWith()
    const [leaving, staying] = [new RecordingSubscriber(), await subscribed(hub)]
    const subscription = hub.subscribe('a', leaving)
    await leaving.until(isLive)
    hub.unsubscribe('a', subscription)
    hub.unsubscribe('a', subscription)
    await hub.publish('a', 1)
    expect(leaving.data).toEqual([])
    expect(staying.data).toEqual([1])
    expect(hub.stats.subscriptions).toBe(1)
  })

  test('the last one of a channel unsubscribes at the broker', async () => {
    const left: string[] = []
    const hub = hubWith(
      failing({
        unsubscribe: async (channel) => {
          left.push(channel)
        },
      }),
    )
    const subscriptions = [1, 2].map(() => hub.subscribe('a', new RecordingSubscriber()))
    await settle()
    for (const subscription of subscriptions) {
      expect(left).toEqual([])
      hub.unsubscribe('a', subscription)
      await settle()
    }
    expect(left).toEqual(['a'])
  })
})

describe('close', () => {
  test('tells every subscriber ERR_HUB_CLOSED, then refuses to publish and subscribe', async () => {
    const hub = hubWith()
    const subscribers = [await subscribed(hub), await subscribed(hub, 'b')]
    await hub.close()
    for (const { told } of subscribers) expect(told.at(-1)).toMatchObject({ failed: { code: 'ERR_HUB_CLOSED' } })
    await expect(hub.publish('a', 1)).rejects.toMatchObject({ code: 'ERR_HUB_CLOSED' })
    const subscribe = () => hub.subscribe('a', new RecordingSubscriber())
    expect(subscribe).toThrow(expect.objectContaining({ code: 'ERR_HUB_CLOSED' }))
    expect(hub.stats).toMatchObject({ channels: 0, subscriptions: 0 })
    await hub.close()
  })

  test('a subscription that is still recovering fails, once', async () => {
    const delayed = new DelayedBroker(createManualBroker().broker)
    const hub = hubWith(delayed)
    const subscriber = new RecordingSubscriber()
    hub.subscribe('a', subscriber)
    await hub.close()
    delayed.releaseAll()
    await settle()
    expect(subscriber.words).toEqual(['failed'])
  })
})

test('an option out of range is ERR_OPTION and named', () => {
  const create = () => createHub({ maxPublicationBytes: 0 })
  const message = expect.stringContaining('maxPublicationBytes')
  expect(create).toThrow(expect.objectContaining({ code: 'ERR_OPTION', message }))
})
