import { expect, test } from 'vitest'
import { createManualBroker, type ManualBroker } from './support/manual-broker.ts'
import { isLive, RecordingSubscriber } from './support/recording-subscriber.ts'
import { createSessionBench, type SessionBench, settled } from './support/session-clients.ts'

/** A broker that loses what it should tell, or tells it late, and notices nothing. */
interface DeafBroker extends ManualBroker {
  isDeaf: boolean
  /** Tells what it held back. */
  tellLate(): void
  historyReads: number
}

function createDeafBroker(): DeafBroker {
  const manual = createManualBroker()
  const { broker } = manual
  const late: (() => void)[] = []
  const deaf: DeafBroker = Object.assign(manual, {
    isDeaf: false,
    historyReads: 0,
    tellLate: () => {
      for (const tell of late.splice(0)) tell()
    },
  })
  const [start, history] = [broker.start.bind(broker), broker.history.bind(broker)]
  broker.start = (listener) =>
    start({
      ...listener,
      publication: (publication) => {
        if (deaf.isDeaf) late.push(() => listener.publication(publication))
        else listener.publication(publication)
      },
    })
  broker.history = (...asked) => {
    deaf.historyReads++
    return history(...asked)
  }
  return deaf
}

async function world(options = {}): Promise<{ bench: SessionBench; broker: DeafBroker; heard: RecordingSubscriber }> {
  const broker = createDeafBroker()
  const bench = createSessionBench(options, broker)
  const heard = new RecordingSubscriber()
  bench.hub.subscribe('a', heard)
  await heard.until(isLive)
  await bench.hub.publish('a', 1)
  return { bench, broker, heard }
}

test('a publication that was lost on its way, and nothing behind it, is recovered within the interval', async () => {
  const { bench, broker, heard } = await world()
  broker.isDeaf = true
  await bench.hub.publish('a', 2)
  await bench.hub.publish('a', 3)
  broker.isDeaf = false
  expect(heard.data).toEqual([1])
  await bench.advance(43_000)
  expect(heard.data).toEqual([1, 2, 3])
})

test('what is only late is told once, and nobody recovers for it', async () => {
  const { bench, broker, heard } = await world()
  await bench.advance(39_000)
  broker.isDeaf = true
  await bench.hub.publish('a', 2)
  await bench.advance(1000)
  broker.isDeaf = false
  broker.tellLate()
  await bench.advance(80_000)
  expect(heard.words).toEqual(['live', 1, 2])
})

test('a stream that began anew unnoticed is told as a gap', async () => {
  const { bench, broker, heard } = await world()
  broker.isDeaf = true
  await broker.broker.removeHistory('a')
  const { history } = broker.broker
  broker.broker.history = async (...asked) => {
    const read = await history(...asked)
    const position = { epoch: 'another', offset: 1 }
    const after = asked[1] === undefined || asked[1] === 'latest' ? undefined : asked[1]
    return { ...read, position, gap: after && { reason: 'epoch-changed', after, position } }
  }
  await bench.advance(43_000)
  expect(heard.told.some((told) => 'gap' in told)).toBe(true)
})

test('nothing is read of a channel that nobody is subscribed to any more, nor with positionCheckIntervalMs: 0', async () => {
  const { bench, broker, heard } = await world()
  const another = bench.hub.subscribe('b', new RecordingSubscriber())
  await settled()
  bench.hub.unsubscribe('b', another)
  const before = broker.historyReads
  await bench.advance(40_000)
  expect(broker.historyReads - before).toBe(1)
  expect(heard.data).toEqual([1])

  const never = await world({ positionCheckIntervalMs: 0 })
  const reads = never.broker.historyReads
  await never.bench.advance(200_000)
  expect(never.broker.historyReads).toBe(reads)
})

test('a broker that cannot be asked is asked again', async () => {
  const { bench, broker, heard } = await world()
  const { history } = broker.broker
  broker.broker.history = () => Promise.reject(new Error('away'))
  broker.isDeaf = true
  await bench.hub.publish('a', 2)
  broker.isDeaf = false
  await bench.advance(60_000)
  broker.broker.history = history
  await bench.advance(43_000)
  expect(heard.data).toEqual([1, 2])
})
