import type { Broker } from '@wigwag/hub'
import { RedisBroker } from '@wigwag/redis'
import { hasRedis, RedisServer } from '@wigwag/testkit'
import { describe, expect, test } from 'vitest'
import { PersistentPublisher } from './support/persistent-publisher.ts'
import { PushNode } from './support/push-node.ts'
import { uniquePrefix } from './support/redis-brokers.ts'
import { TallySubscriber } from './support/tally-subscriber.ts'

const PUBLICATIONS = Number(process.env['WIGWAG_KILL_PUBLICATIONS'] ?? 20_000)
const KILLS = Number(process.env['WIGWAG_KILLS'] ?? 5)
const CHANNELS = ['orders', 'prices', 'chat', 'progress']
const SUBSCRIBERS_PER_CHANNEL = 2
const IN_FLIGHT = 64

interface Figures {
  readonly acknowledged: number
  readonly refused: number
  readonly unanswered: number
  readonly kills: number
  readonly delivered: number
  readonly lost: number
  readonly doubled: number
  readonly disordered: number
  readonly gaps: number
  readonly closed: number
  readonly seconds: number
}

/** Publishes numbers through two nodes while Redis is killed and started again; tells what became of them. */
async function publishThroughKills(publications: number, wrap: (broker: RedisBroker) => Broker): Promise<Figures> {
  const startedMs = performance.now()
  await using redis = await RedisServer.start({ persistence: 'always' })
  // What is published between one node's return and another's has to be held: nobody here reads slowly.
  const options = { url: redis.url, prefix: uniquePrefix(), history: { size: publications, maxBytes: 2 ** 26 } }
  const node = (maxReconnectDelayMs: number): Promise<PushNode> =>
    PushNode.start(wrap(new RedisBroker({ ...options, maxReconnectDelayMs })))
  // One comes back sooner than the other, as it happens.
  await using quick = await node(20)
  await using slow = await node(500)
  const nodes = [quick, slow]
  const subscribers: [string, TallySubscriber][] = []
  for (const { port } of nodes) {
    for (const channel of CHANNELS) {
      for (let i = 0; i < SUBSCRIBERS_PER_CHANNEL; i++) {
        subscribers.push([channel, await TallySubscriber.connect(port, channel)])
      }
    }
  }
  const publisher = new PersistentPublisher(nodes.map(({ port }) => port))
  const numbersOf = new Map(CHANNELS.map((channel) => [channel, [] as string[]]))
  let next = 0
  let kills = 0
  let restarting: Promise<void> | undefined
  const publishInTurn = async (): Promise<void> => {
    while (next < publications) {
      const number = String(next++)
      const channel = CHANNELS[Number(number) % CHANNELS.length] as string
      numbersOf.get(channel)?.push(number)
      if (next % Math.floor(publications / (KILLS + 1)) === 0 && kills < KILLS) {
        kills++
        const { refused } = publisher.count
        restarting = redis.kill().then(async () => {
          // It stays away until somebody has noticed.
          while (publisher.count.refused === refused) await new Promise((resolve) => setImmediate(resolve))
          await redis.start()
        })
      }
      await publisher.publish(channel, number)
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, publishInTurn))
  await restarting
  for (const { hub } of nodes) {
    while (hub.status.state !== 'connected') await new Promise((resolve) => setImmediate(resolve))
  }
  for (const channel of CHANNELS) await quick.hub.publish(channel, 'last')
  await Promise.all(subscribers.map(([, subscriber]) => subscriber.untilLast()))
  const sum = (of: (subscriber: TallySubscriber, channel: string) => number): number =>
    subscribers.reduce((total, [channel, subscriber]) => total + of(subscriber, channel), 0)
  const lost = sum((subscriber, channel) => subscriber.missing(numbersOf.get(channel) ?? []))
  const figures = {
    ...publisher.count,
    kills,
    delivered: (publications * subscribers.length) / CHANNELS.length - lost,
    lost,
    doubled: sum(({ doubled }) => doubled),
    disordered: sum(({ disordered }) => disordered),
    gaps: sum(({ gaps }) => gaps),
    closed: sum(({ hasClosed }) => Number(hasClosed)),
    seconds: Math.round((performance.now() - startedMs) / 100) / 10,
  }
  publisher.close()
  for (const [, subscriber] of subscribers) subscriber.close()
  return figures
}

function print(title: string, figures: Figures): void {
  process.stdout.write(`${title}: ${JSON.stringify(figures)}\n`)
}

describe.skipIf(!hasRedis)('Redis is killed and started again under load, with appendfsync always', () => {
  test('what was acknowledged reaches the subscribers of both nodes exactly once and in order, and no socket is closed', {
    timeout: 180_000,
  }, async () => {
    const figures = await publishThroughKills(PUBLICATIONS, (broker) => broker)
    print('killed Redis', figures)
    const perfect = { lost: 0, doubled: 0, disordered: 0, gaps: 0, closed: 0 }
    expect(figures).toMatchObject({ ...perfect, acknowledged: PUBLICATIONS, kills: KILLS })
    expect(figures.refused).toBeGreaterThanOrEqual(KILLS)
  })

  test('the test finds it out when what was missed is not recovered: publications are lost', {
    timeout: 180_000,
  }, async () => {
    const withoutRecovery = (broker: RedisBroker): Broker => {
      const start = broker.start.bind(broker)
      broker.start = (listener) => start({ ...listener, missed: () => {} })
      return broker
    }
    const figures = await publishThroughKills(PUBLICATIONS / 4, withoutRecovery)
    print('killed Redis, recovery switched off', figures)
    expect(figures.lost).toBeGreaterThan(0)
  })
})
