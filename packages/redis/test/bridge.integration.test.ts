import { HubError } from '@wigwag/hub'
import type { RedisBrokerOptions } from '@wigwag/redis'
import { FaultProxy, hasRedis, RedisServer } from '@wigwag/testkit'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type HubOnRedis, hubOnRedis, Notes, notesOf, untilAnswered } from './support/hubs-on-redis.ts'
import { uniquePrefix, untilStatus } from './support/redis-brokers.ts'

describe.skipIf(!hasRedis)('the bridge from plain Redis channels', () => {
  let redis: RedisServer

  beforeAll(async () => {
    redis = await RedisServer.start()
  })

  afterAll(async () => {
    await redis[Symbol.asyncDispose]()
  })

  async function hub(options: RedisBrokerOptions): Promise<HubOnRedis> {
    const made = await hubOnRedis({ url: redis.url, prefix: uniquePrefix(), ...options })
    onTestFinished(() => made.hub.close())
    return made
  }

  /** How many nodes Redis told. */
  const publish = (channel: string, text: string): Promise<string> => redis.cli('PUBLISH', channel, text)

  test('carries what redis-cli publishes to the subscribers of every hub, without a position', async () => {
    const prefix = uniquePrefix()
    const [one, other] = [await hub({ prefix, bridge: 'all' }), await hub({ prefix, bridge: 'all' })]
    const notes = [await notesOf(one, 'foo'), await notesOf(other, 'foo'), await notesOf(other, 'foo')]
    expect(await publish('foo', 'hello')).toBe('2')
    for (const each of notes) {
      const [publication] = await each.untilDelivered(1)
      expect(publication).toMatchObject({ channel: 'foo', data: 'hello', position: undefined })
      expect(Math.abs((publication?.time as number) - Date.now())).toBeLessThan(60_000)
    }
  })

  test('tells text from bytes', async () => {
    const node = await hub({ bridge: 'all' })
    const notes = await notesOf(node, 'foo')
    await publish('foo', 'ä€😀')
    await publish('foo', '')
    await redis.cli('EVAL', String.raw`return redis.call('PUBLISH', 'foo', '\255\0\1')`, '0')
    await redis.cli('EVAL', String.raw`return redis.call('PUBLISH', 'foo', '\239\187\191a')`, '0')
    await notes.untilDelivered(4)
    expect(notes.words).toStrictEqual(['ä€😀', '', new Uint8Array([255, 0, 1]), '\ufeffa'])
  })

  test('joins what is published by Wigwag, without a gap and without a place in history', async () => {
    const node = await hub({ bridge: 'all' })
    const notes = await notesOf(node, 'foo')
    const first = await node.hub.publish('foo', 'stored')
    await notes.untilDelivered(1)
    await publish('foo', 'plain')
    await notes.untilDelivered(2)
    await node.hub.publish('foo', 'stored, too')
    await notes.untilDelivered(3)
    expect([notes.words, notes.gaps]).toEqual([['stored', 'plain', 'stored, too'], []])
    const { publications } = await node.hub.history('foo', { epoch: first.position?.epoch as string, offset: 0 })
    expect(publications.map(({ data }) => data)).toEqual(['stored', 'stored, too'])
  })

  test("subscribes to nothing plain where it is 'none', and by patterns only to what they match", async () => {
    const closed = await hub({})
    const open = await hub({ bridge: ['news-*', 'exact'] })
    for (const channel of ['news-today', 'exact', 'other']) {
      await notesOf(closed, channel)
      await notesOf(open, channel)
    }
    expect(await publish('other', 'x')).toBe('0')
    expect(await publish('exact', 'x')).toBe('1')
    expect(await publish('news-today', 'x')).toBe('1')
    expect(await publish('news-tomorrow', 'x')).toBe('0')
  })

  test('ends with the last subscriber', async () => {
    const node = await hub({ bridge: 'all' })
    const notes = new Notes()
    const subscription = node.hub.subscribe('foo', notes)
    await notes.untilLive()
    node.hub.unsubscribe('foo', subscription)
    await untilAnswered(
      () => publish('foo', 'unheard'),
      (nodes) => nodes === '0',
    )
  })

  test('never reaches reserved names, nor what Wigwag keeps for itself', async () => {
    const prefix = uniquePrefix()
    const node = await hub({ prefix, bridge: 'all' })
    expect(() => node.hub.subscribe('__keyevent@0__:del', new Notes())).toThrow(HubError)
    const notes = await notesOf(node, 'foo')
    await publish(`${prefix}:anchor>`, 'x')
    await publish(`${prefix}:{foo}:live`, '::5:sx')
    await redis.cli('SPUBLISH', 'foo', 'x')
    await publish('foo', 'heard')
    await notes.untilDelivered(1)
    expect([notes.words, node.broker.stats.malformed]).toEqual([['heard'], 0])
  })

  test('comes back with the connection; what was published meanwhile is lost', async () => {
    const proxy = new FaultProxy(redis.port)
    const node = await hub({ bridge: 'all', url: `redis://127.0.0.1:${await proxy.listen()}` })
    onTestFinished(async () => {
      await node.hub.close()
      await proxy[Symbol.asyncDispose]()
    })
    const notes = await notesOf(node, 'foo')
    await publish('foo', 'before')
    await notes.untilDelivered(1)
    proxy.cut()
    await untilStatus(node.broker, 'disconnected')
    await untilAnswered(
      () => publish('foo', 'meanwhile'),
      (nodes) => nodes === '0',
    )
    proxy.mend()
    await untilStatus(node.broker, 'connected')
    expect(await publish('foo', 'behind')).toBe('1')
    await notes.until(() => notes.words.includes('behind'))
    expect(notes.words.filter((word) => word !== 'meanwhile')).toEqual(['before', 'behind'])
    expect(notes.words.filter((word) => word === 'meanwhile').length).toBeLessThanOrEqual(1)
  })
})
