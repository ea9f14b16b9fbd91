import type { Position, Publication } from '@wigwag/hub'
import { hasRedis, RedisServer } from '@wigwag/testkit'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type HubOnRedis, hubOnRedis, type Notes, notesOf, untilAnswered } from './support/hubs-on-redis.ts'
import { uniquePrefix } from './support/redis-brokers.ts'

/** Stores a publication as `PUBLISH` does, and tells nobody. */
const STORE_UNTOLD = `
local offset = redis.call('HINCRBY', KEYS[1], 'o', 1)
local before = redis.call('HGET', KEYS[1], 't') or '0'
redis.call('XADD', KEYS[2], offset .. '-' .. ARGV[1], 'd', ARGV[2], 'p', before)
redis.call('HSET', KEYS[1], 't', ARGV[1])
`

interface Scene {
  readonly node: HubOnRedis
  readonly other: HubOnRedis
  readonly notes: Notes
  /** Where the channel stood when it began: behind `first`, if that was published. */
  readonly published: Publication
  readonly meta: string
  readonly stream: string
  readonly live: string
  storeUntold(data: string): Promise<void>
  /** Cuts the subscriptions of everybody; resolves when the subscription has recovered. */
  killSubscriptions(): Promise<void>
}

describe.skipIf(!hasRedis)('a gap in what Redis tells', () => {
  let redis: RedisServer

  beforeAll(async () => {
    redis = await RedisServer.start()
  })

  afterAll(async () => {
    await redis[Symbol.asyncDispose]()
  })

  /** Two nodes on a channel on which `first` was delivered. */
  async function scene(): Promise<Scene> {
    const prefix = uniquePrefix()
    const [node, other] = [await hubOnRedis({ url: redis.url, prefix }), await hubOnRedis({ url: redis.url, prefix })]
    onTestFinished(async () => {
      await node.hub.close()
      await other.hub.close()
    })
    const [meta, stream, live] = ['meta', 'stream', 'live'].map((what) => `${prefix}:{a}:${what}`) as [
      string,
      ...string[],
    ]
    const notes = await notesOf(node, 'a')
    const published = await other.hub.publish('a', 'first')
    await notes.untilDelivered(1)
    return {
      ...{ node, other, notes, published, meta },
      stream: stream as string,
      live: live as string,
      storeUntold: async (data) => {
        await redis.cli('EVAL', STORE_UNTOLD, '2', meta, stream as string, String(Date.now()), `s${data}`)
      },
      killSubscriptions: async () => {
        const { lives } = notes
        await redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub')
        await notes.untilLive(lives + 1)
      },
    }
  }

  test('is noticed by the next publication, and filled from history', async () => {
    const { other, notes, storeUntold, node } = await scene()
    await storeUntold('untold')
    await storeUntold('untold either')
    await other.hub.publish('a', 'told')
    await notes.untilDelivered(4)
    expect(notes.words).toEqual(['first', 'untold', 'untold either', 'told'])
    expect(notes.publications.map(({ position }) => position?.offset)).toEqual([1, 2, 3, 4])
    expect(node.broker.stats.disconnects).toBe(0)
  })

  test('is noticed by the very first publication that comes live', async () => {
    const { node, notes, storeUntold, other, meta } = await scene()
    const fresh = await notesOf(await hubOnRedisBeside(meta), 'a')
    await storeUntold('untold')
    await other.hub.publish('a', 'told')
    await Promise.all([fresh.untilDelivered(2), notes.untilDelivered(3)])
    expect(fresh.words).toEqual(['untold', 'told'])
    expect(node.broker.stats.disconnects).toBe(0)
  })

  /** One more node that has heard nothing yet. */
  async function hubOnRedisBeside(meta: string): Promise<HubOnRedis> {
    const made = await hubOnRedis({ url: redis.url, prefix: meta.slice(0, meta.indexOf(':{')) })
    onTestFinished(() => made.hub.close())
    return made
  }

  test('of a stream that went back under a live connection is a new epoch, told with everything new', async () => {
    const { node, other, notes, published, meta, stream } = await scene()
    for (const data of ['second', 'third', 'fourth']) await other.hub.publish('a', data)
    await notes.untilDelivered(4)
    await redis.cli('DEL', stream)
    await redis.cli('HSET', meta, 'o', '1', 't', String(published.time))
    await other.hub.publish('a', 'another second')
    await notes.until(() => notes.words.includes('another second'))
    expect(notes.words.slice(4)).toEqual(['[epoch-changed]', 'another second'])
    expect(node.broker.stats.renewedEpochs).toBe(1)
    expect(notes.publications.at(-1)?.position?.epoch).not.toBe(published.position?.epoch)
    await other.hub.publish('a', 'and on')
    await notes.untilDelivered(6)
    expect(notes.words.slice(5)).toEqual(['another second', 'and on'])
  })

  test('of a stream that went back behind a lost connection is a new epoch', async () => {
    const { node, other, notes, published, meta, stream, killSubscriptions } = await scene()
    await other.hub.publish('a', 'lost')
    await notes.untilDelivered(2)
    await redis.cli('DEL', stream)
    await redis.cli('HSET', meta, 'o', '1', 't', String(published.time))
    await killSubscriptions()
    expect(notes.words).toEqual(['first', 'lost', '[epoch-changed]'])
    expect(node.broker.stats.renewedEpochs).toBe(1)
  })

  test('of a stream that stands at the same offset with another publication is a new epoch', async () => {
    const { node, notes, meta, published, killSubscriptions } = await scene()
    await redis.cli('HSET', meta, 't', String(published.time + 1))
    await killSubscriptions()
    expect(notes.words).toEqual(['first', '[epoch-changed]', 'first'])
    expect(node.broker.stats.renewedEpochs).toBe(1)
  })

  test('of a stream that has overtaken on another branch is a new epoch', async () => {
    // With the publication at the offset still there, or only the one behind, which knows the time of the one before.
    for (const trimmed of [0, 1]) {
      const { node, other, notes, published, meta, stream, storeUntold, killSubscriptions } = await scene()
      await other.hub.publish('a', 'lost')
      await notes.untilDelivered(2)
      await redis.cli('DEL', stream)
      await redis.cli('HSET', meta, 'o', '1', 't', String(published.time))
      for (const data of ['another second', 'third', 'fourth']) await storeUntold(data)
      await redis.cli('XTRIM', stream, 'MAXLEN', String(3 - trimmed))
      await killSubscriptions()
      const fresh = ['another second', 'third', 'fourth'].slice(trimmed)
      expect(notes.words.slice(2)).toEqual(['[epoch-changed]', ...fresh])
      expect(node.broker.stats.renewedEpochs).toBe(1)
    }
  })

  test('is none when the connection was lost and the stream goes on: it is recovered, in the same epoch', async () => {
    const { node, notes, published, storeUntold, killSubscriptions } = await scene()
    await killSubscriptions()
    await storeUntold('untold')
    await killSubscriptions()
    await killSubscriptions()
    expect(notes.words).toEqual(['first', 'untold'])
    expect(notes.publications[1]?.position).toEqual({ ...published.position, offset: 2 })
    expect(node.broker.stats.renewedEpochs).toBe(0)
  })

  test('is none on a channel where nothing was ever published', async () => {
    const { node, killSubscriptions } = await scene()
    const empty = await notesOf(node, 'empty')
    const before = await node.hub.history('empty')
    await killSubscriptions()
    await empty.untilLive(2)
    expect([empty.gaps, (await node.hub.history('empty')).position]).toEqual([[], before.position])
    expect(node.broker.stats.renewedEpochs).toBe(0)
  })

  test('is told once when two nodes notice it', async () => {
    const { notes, other, published, meta, stream, killSubscriptions } = await scene()
    const others = await notesOf(other, 'a')
    await other.hub.publish('a', 'lost')
    await Promise.all([notes.untilDelivered(2), others.untilDelivered(1)])
    await redis.cli('DEL', stream)
    await redis.cli('HSET', meta, 'o', '1', 't', String(published.time))
    const { lives } = others
    await killSubscriptions()
    await others.untilLive(lives + 1)
    await other.hub.publish('a', 'new')
    await Promise.all([
      notes.until(() => notes.words.includes('new')),
      others.until(() => others.words.includes('new')),
    ])
    expect(notes.words).toEqual(['first', 'lost', '[epoch-changed]', 'new'])
    expect(others.words).toEqual(['lost', '[epoch-changed]', 'new'])
  })

  test('where Redis has forgotten everything is told with the first publication behind it', async () => {
    const { other, notes, node, published } = await scene()
    const silent = await notesOf(node, 'silent')
    await redis.cli('FLUSHALL')
    await other.hub.publish('a', 'new')
    await other.hub.publish('silent', 'new')
    await Promise.all([notes.untilDelivered(2), silent.untilDelivered(1)])
    expect(notes.words).toEqual(['first', '[epoch-changed]', 'new'])
    // It stood at 0 and was given nothing, but who knows what was there.
    expect(silent.words).toEqual(['[epoch-changed]', 'new'])
    const after = published.position as Position
    expect((await other.hub.history('a', after)).gap?.reason).toBe('epoch-changed')
  })

  test('where Redis has forgotten everything is told to those before, when somebody new reads the stream', async () => {
    const { node, other, notes } = await scene()
    const silent = await notesOf(node, 'silent')
    await redis.cli('FLUSHALL')
    const fresh = [await notesOf(node, 'a'), await notesOf(node, 'silent')] as const
    for (const channel of ['a', 'silent']) await other.hub.publish(channel, 'new')
    await Promise.all([notes, silent, ...fresh].map((each) => each.until(() => each.words.includes('new'))))
    expect([notes.words, silent.words]).toEqual([
      ['first', '[epoch-changed]', 'new'],
      ['[epoch-changed]', 'new'],
    ])
    expect(fresh.map(({ words }) => words)).toEqual([['new'], ['new']])
  })

  test('is not made by what others send to a live channel: it is counted, and nobody is told', async () => {
    const { node, other, notes, live, published } = await scene()
    const epoch = published.position?.epoch as string
    const junk = ['hello', `${epoch}:99:now:sx`, `${epoch}:1e9:5:sx`, `${epoch}:nine:5:sx`, '::5:', '::5:j{', '']
    for (const each of junk) await redis.cli('SPUBLISH', live, each)
    await untilAnswered(
      async () => node.broker.stats.malformed,
      (count) => count === junk.length,
    )
    await other.hub.publish('a', 'second')
    await notes.untilDelivered(2)
    expect(notes.words).toEqual(['first', 'second'])
    expect(node.broker.status).toEqual({ state: 'connected' })
  })
})
