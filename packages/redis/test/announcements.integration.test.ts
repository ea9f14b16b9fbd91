import type { BrokerListener } from '@wigwag/hub'
import { listenerOf } from '@wigwag/hub/testing'
import { RedisBroker, type RedisBrokerOptions } from '@wigwag/redis'
import { hasRedis, RedisServer } from '@wigwag/testkit'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { untilAnswered } from './support/hubs-on-redis.ts'
import { QUICK, uniquePrefix, untilStatus } from './support/redis-brokers.ts'

const ada = { client: 'c1', user: 'ada' }

describe.skipIf(!hasRedis)('hubs on one Redis tell each other', () => {
  let redis: RedisServer

  beforeAll(async () => {
    redis = await RedisServer.start()
  })

  afterAll(async () => {
    await redis[Symbol.asyncDispose]()
  })

  interface Hearing {
    readonly broker: RedisBroker
    /** What was told: names, kinds and messages in their order. */
    readonly heard: string[]
  }

  async function hearing(options: RedisBrokerOptions, listener: Partial<BrokerListener> = {}): Promise<Hearing> {
    const broker = new RedisBroker({ ...QUICK, url: redis.url, ...options })
    onTestFinished(() => broker.close())
    const heard: string[] = []
    await broker.start(
      listenerOf({
        publication: ({ channel, data }) => void heard.push(`${channel}: ${String(data)}`),
        joined: (channel, { client }) => void heard.push(`${channel} + ${client}`),
        left: (channel, { client }) => void heard.push(`${channel} - ${client}`),
        control: (message) => void heard.push(message),
        ...listener,
      }),
    )
    return { broker, heard }
  }

  const until = (heard: readonly string[], last: string): Promise<unknown> =>
    untilAnswered(
      async () => heard.at(-1),
      (answer) => answer === last,
    )

  test('in one order with publications, as long as one hub does one thing after the other', async () => {
    const prefix = uniquePrefix()
    const [one, other] = [await hearing({ prefix }), await hearing({ prefix })]
    for (const { broker } of [one, other]) await broker.subscribe('a')
    await Promise.all([
      one.broker.announce('a', 'join', ada),
      one.broker.publish('a', 'hello'),
      one.broker.announce('a', 'leave', ada),
      one.broker.publish('a', 'bye'),
    ])
    for (const { heard } of [one, other]) {
      await until(heard, 'a: bye')
      expect(heard).toEqual(['a + c1', 'a: hello', 'a - c1', 'a: bye'])
    }
  })

  test('nothing in another database or under another prefix', async () => {
    const prefix = uniquePrefix()
    const here = await hearing({ prefix })
    const others = [
      await hearing({ prefix, url: `${redis.url}/1` }),
      await hearing({ prefix: uniquePrefix() }),
      await hearing({ prefix: `${prefix}:control` }),
    ]
    for (const { broker } of [here, ...others]) await broker.subscribe('a')
    for (const { broker } of others) {
      await broker.announce('a', 'join', ada)
      await broker.tell('elsewhere')
    }
    await here.broker.announce('a', 'leave', ada)
    await here.broker.tell('here')
    await until(here.heard, 'here')
    expect(here.heard).toEqual(['a - c1', 'here'])
  })

  test('nothing of a channel that lingers, and again when somebody is back', async () => {
    const { broker, heard } = await hearing({ prefix: uniquePrefix(), lingerMs: 60_000 })
    await broker.subscribe('a')
    await broker.unsubscribe('a')
    await broker.announce('a', 'join', ada)
    await broker.tell('fence')
    await until(heard, 'fence')
    await broker.subscribe('a')
    await broker.announce('a', 'leave', ada)
    await until(heard, 'a - c1')
    expect(heard).toEqual(['fence', 'a - c1'])
  })

  test('again when the connection was lost, also where no channel is subscribed to', async () => {
    const { broker, heard } = await hearing({ prefix: uniquePrefix() })
    for (const type of ['pubsub', 'normal']) {
      // The broker may be back before the command that cut it off has ended.
      const lost = untilStatus(broker, 'disconnected')
      await redis.cli('CLIENT', 'KILL', 'TYPE', type)
      await lost
      await untilStatus(broker, 'connected')
      await broker.tell(type)
      await until(heard, type)
    }
    expect(heard).toEqual(['pubsub', 'normal'])
  })

  test.each([
    '>',
    '<',
    '>null',
    '>{}',
    '<{"client":1,"user":""}',
    '>{"client":"c"}',
    '<{"client":"c","user":"u"',
    '>>',
  ])('what is none of theirs is counted and passed over: %j', async (message) => {
    const prefix = uniquePrefix()
    const { broker, heard } = await hearing({ prefix })
    await broker.subscribe('a')
    await redis.cli('SPUBLISH', `${prefix}:{a}:live`, message)
    await broker.announce('a', 'join', ada)
    await until(heard, 'a + c1')
    expect([heard, broker.stats.malformed]).toEqual([['a + c1'], 1])
  })

  test('a refusal says that nobody may have been told, and why', async () => {
    const prefix = uniquePrefix()
    await redis.cli('ACL', 'SETUSER', prefix, 'on', '>secret', '~*', '+@all', '-spublish', `&${prefix}:*`)
    const { broker } = await hearing({ prefix, url: `redis://${prefix}:secret@127.0.0.1:${redis.port}` })
    for (const ask of [() => broker.announce('a', 'join', ada), () => broker.tell('all')]) {
      await expect(ask()).rejects.toMatchObject({
        code: 'ERR_BROKER_UNAVAILABLE',
        message: expect.stringMatching(/^Nobody may have been told: NOPERM/),
      })
    }
    await redis.cli('SET', `${prefix}:{a}:meta`, 'of another program')
    await expect(broker.removeHistory('a')).rejects.toMatchObject({
      code: 'ERR_BROKER_UNAVAILABLE',
      message: expect.stringMatching(/^The history may not be removed: WRONGTYPE/),
    })
  })
})
