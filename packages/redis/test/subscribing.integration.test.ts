import { HubError, type Publication, type PublicationData } from '@wigwag/hub'
import { listenerOf } from '@wigwag/hub/testing'
import { RedisBroker } from '@wigwag/redis'
import { hasRedis, RedisServer } from '@wigwag/testkit'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type HubOnRedis, hubOnRedis, Notes, notesOf, untilAnswered } from './support/hubs-on-redis.ts'
import { QUICK, uniquePrefix } from './support/redis-brokers.ts'

describe.skipIf(!hasRedis)('hubs on one Redis', () => {
  let redis: RedisServer

  beforeAll(async () => {
    redis = await RedisServer.start()
  })

  afterAll(async () => {
    await redis[Symbol.asyncDispose]()
  })

  async function hub(options: ConstructorParameters<typeof RedisBroker>[0]): Promise<HubOnRedis> {
    const made = await hubOnRedis({ url: redis.url, ...options })
    onTestFinished(() => made.hub.close())
    return made
  }

  /** What Redis tells this prefix's nodes of, by the channels' names. */
  async function subscribedIn(prefix: string): Promise<string[]> {
    const names = (await redis.cli('PUBSUB', 'SHARDCHANNELS', `${prefix}:{*`)).split('\n')
    return names.filter((name) => name !== '').map((name) => name.slice(prefix.length + 2, name.indexOf('}')))
  }

  async function nodesSubscribedTo(prefix: string, channel: string): Promise<number> {
    const [, count] = (await redis.cli('PUBSUB', 'SHARDNUMSUB', `${prefix}:{${channel}}:live`)).split('\n')
    return Number(count)
  }

  test('deliver what either publishes, in one order, with the same positions and times', async () => {
    const prefix = uniquePrefix()
    const [one, other] = [await hub({ prefix }), await hub({ prefix })]
    const notes = [await notesOf(one, 'a'), await notesOf(other, 'a')] as const
    const published = await Promise.all(
      Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? one : other).hub.publish('a', i)),
    )
    const inOrder = [...published].sort((x, y) => offsetOf(x) - offsetOf(y))
    expect(inOrder.map(offsetOf)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1))
    for (const each of notes) expect(await each.untilDelivered(200)).toEqual(inOrder)
  })

  test('carry every kind of data as it is', async () => {
    const prefix = uniquePrefix()
    const [one, other] = [await hub({ prefix }), await hub({ prefix })]
    const notes = await notesOf(other, 'a')
    const data: PublicationData[] = ['', 'text', 'ä€😀\0\r\n', '\ufeff', '{"not":"json"}', null, true, 0, -1.5e300]
    data.push([], {}, { a: [1, { b: null }] }, new Uint8Array(), new Uint8Array([0, 13, 10, 255]))
    data.push('x'.repeat(200_000), new Uint8Array(200_000).fill(7))
    for (const each of data) await one.hub.publish('a', each)
    expect((await notes.untilDelivered(data.length)).map((publication) => publication.data)).toStrictEqual(data)
    const start = { epoch: notes.publications[0]?.position?.epoch as string, offset: 0 }
    const history = await other.hub.history('a', start)
    expect(history.publications.map((publication) => publication.data)).toStrictEqual(data)
  })

  test('hear nothing of channels in another database, or under another prefix', async () => {
    const prefix = uniquePrefix()
    const here = await notesOf(await hub({ prefix }), 'a')
    const database = await hub({ prefix, url: `${redis.url}/1` })
    const there = await notesOf(database, 'a')
    await database.hub.publish('a', 'in database 1')
    await (await hub({ prefix: uniquePrefix() })).hub.publish('a', 'under another prefix')
    await (await hub({ prefix })).hub.publish('a', 'here')
    await there.untilDelivered(1)
    await here.untilDelivered(1)
    expect([here.words, there.words]).toEqual([['here'], ['in database 1']])
  })

  test('subscribe once for all their subscribers, and not to channels that they do not serve', async () => {
    const prefix = uniquePrefix()
    const [one, other] = [await hub({ prefix }), await hub({ prefix })]
    for (let i = 0; i < 50; i++) await notesOf(one, 'a')
    await notesOf(other, 'a')
    await notesOf(other, 'b')
    await one.hub.publish('nobody', 1)
    await one.hub.history('nobody')
    expect((await subscribedIn(prefix)).sort()).toEqual(['a', 'b'])
    expect([await nodesSubscribedTo(prefix, 'a'), await nodesSubscribedTo(prefix, 'b')]).toEqual([2, 1])
  })

  test('stay subscribed for a while behind the last subscriber, and use that for the next one', async () => {
    const prefix = uniquePrefix()
    const node = await hub({ prefix, lingerMs: 60_000 })
    const notes = new Notes()
    const subscription = node.hub.subscribe('a', notes)
    await notes.untilLive()
    const told = Number(await subscribeCommands())
    node.hub.unsubscribe('a', subscription)
    await node.hub.publish('a', 'unheard')
    expect(await subscribedIn(prefix)).toEqual(['a'])
    const next = await notesOf(node, 'a')
    await node.hub.publish('a', 'heard')
    await next.untilDelivered(1)
    expect([notes.words, next.words]).toEqual([[], ['heard']])
    expect(Number(await subscribeCommands())).toBe(told)
  })

  /** How often anybody has subscribed. */
  async function subscribeCommands(): Promise<string> {
    return /cmdstat_ssubscribe:calls=(\d+)/.exec(await redis.cli('INFO', 'commandstats'))?.[1] ?? '0'
  }

  test('end that when nobody came back in time', async () => {
    const prefix = uniquePrefix()
    const node = await hub({ prefix, lingerMs: 50 })
    const subscription = node.hub.subscribe('a', new Notes())
    await untilAnswered(
      () => subscribedIn(prefix),
      (names) => names.includes('a'),
    )
    node.hub.unsubscribe('a', subscription)
    await untilAnswered(
      () => subscribedIn(prefix),
      (names) => names.length === 0,
    )
    expect(node.broker.stats.channels).toBe(0)
    const again = await notesOf(node, 'a')
    await node.hub.publish('a', 'heard')
    await again.untilDelivered(1)
  })

  test('a channel that is left does not deafen the others', async () => {
    for (const bridge of ['none', 'all', ['left']] as const) {
      const prefix = uniquePrefix()
      const node = await hub({ prefix, bridge })
      const notes = await notesOf(node, 'kept')
      const left = node.hub.subscribe('left', new Notes())
      await untilAnswered(
        () => subscribedIn(prefix),
        (names) => names.length === 2,
      )
      node.hub.unsubscribe('left', left)
      await untilAnswered(
        () => subscribedIn(prefix),
        (names) => names.length === 1,
      )
      await node.hub.publish('kept', 'heard')
      await notes.untilDelivered(1)
    }
  })

  test('above maxChannels a subscription is refused; a channel that lingers makes room', async () => {
    const prefix = uniquePrefix()
    const node = await hub({ prefix, maxChannels: 2, lingerMs: 60_000 })
    await notesOf(node, 'a')
    const subscription = node.hub.subscribe('b', new Notes())
    const refused = new Notes()
    node.hub.subscribe('c', refused)
    await refused.until(() => refused.failures.length > 0)
    expect((refused.failures[0] as HubError).code).toBe('ERR_CHANNEL_LIMIT')
    expect(refused.failures[0]?.message).toContain('maxChannels')
    node.hub.unsubscribe('b', subscription)
    const taken = await untilAnswered(
      async () => {
        const notes = new Notes()
        node.hub.subscribe('c', notes)
        await notes.until(() => notes.lives + notes.failures.length > 0)
        return notes
      },
      (notes) => notes.lives > 0,
    )
    await node.hub.publish('c', 'heard')
    await taken.untilDelivered(1)
    expect((await subscribedIn(prefix)).sort()).toEqual(['a', 'c'])
  })

  test('unsubscribing and subscribing in any rhythm leaves exactly what was asked for last', async () => {
    const prefix = uniquePrefix()
    const broker = new RedisBroker({ ...QUICK, url: redis.url, prefix })
    onTestFinished(() => broker.close())
    await broker.start(listenerOf())
    const calls: Promise<void>[] = []
    for (let i = 0; i < 300; i++) {
      const channel = `c${(i * 7) % 5}`
      calls.push(i % 3 === 0 ? broker.unsubscribe(channel) : broker.subscribe(channel))
      if (i % 11 === 0) await calls.at(-1)
    }
    for (const channel of ['c0', 'c2', 'c4']) calls.push(broker.unsubscribe(channel))
    for (const channel of ['c1', 'c3']) calls.push(broker.subscribe(channel))
    await Promise.all(calls)
    await untilAnswered(
      () => subscribedIn(prefix),
      (names) => names.sort().join() === 'c1,c3',
    )
  })

  test('one that was refused and left does not end the next one when its time to linger is over', async () => {
    const prefix = uniquePrefix()
    const login = `redis://${prefix}:secret@127.0.0.1:${redis.port}`
    await redis.cli('ACL', 'SETUSER', prefix, 'on', '>secret', '~*', '+@all', `&${prefix}:*`)
    const broker = new RedisBroker({ ...QUICK, url: login, prefix, lingerMs: 100, bridge: ['foo'] })
    onTestFinished(() => broker.close())
    const told: unknown[] = []
    await broker.start(listenerOf({ publication: ({ data }) => void told.push(data) }))
    const refused = expect(broker.subscribe('foo')).rejects.toThrow(/NOPERM/)
    await broker.unsubscribe('foo')
    await refused
    await redis.cli('ACL', 'SETUSER', prefix, 'allchannels')
    await broker.subscribe('foo')
    // One that lingers as long, and begins later, is gone later.
    await broker.subscribe('later')
    await broker.unsubscribe('later')
    await untilAnswered(
      () => subscribedIn(prefix),
      (names) => !names.includes('later'),
    )
    await broker.publish('foo', 'heard')
    await untilAnswered(
      async () => told,
      (data) => data.includes('heard'),
    )
  })

  test('what a refused subscription began is not left behind', async () => {
    const prefix = uniquePrefix()
    await redis.cli('ACL', 'SETUSER', prefix, 'on', '>secret', '~*', '+@all', `&${prefix}:*`)
    const node = await hub({ prefix, bridge: ['foo'], url: `redis://${prefix}:secret@127.0.0.1:${redis.port}` })
    const refused = new Notes()
    node.hub.subscribe('foo', refused)
    await refused.until(() => refused.failures.length > 0)
    expect(refused.failures[0]).toBeInstanceOf(HubError)
    expect(refused.failures[0]?.message).toMatch(/Redis refused the subscription: NOPERM/)
    await notesOf(node, 'bar')
    expect(await subscribedIn(prefix)).toEqual(['bar'])
    await redis.cli('ACL', 'SETUSER', prefix, 'allchannels')
    await notesOf(node, 'foo')
  })
})

function offsetOf({ position }: Publication): number {
  return position?.offset as number
}
