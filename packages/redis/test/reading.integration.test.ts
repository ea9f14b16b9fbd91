import { type History, type HistoryOptions, MemoryBroker, type Position, type PublishOptions } from '@wigwag/hub'
import { listenerOf } from '@wigwag/hub/testing'
import { RedisBroker, type RedisBrokerOptions } from '@wigwag/redis'
import { hasRedis, RedisServer } from '@wigwag/testkit'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { hubOnRedis, notesOf } from './support/hubs-on-redis.ts'
import { QUICK, uniquePrefix } from './support/redis-brokers.ts'

const HISTORY = { size: 100, ttlMs: 60_000, maxBytes: 1_000_000 }

describe.skipIf(!hasRedis)('the history of a channel in Redis', () => {
  let redis: RedisServer

  beforeAll(async () => {
    redis = await RedisServer.start()
  })

  afterAll(async () => {
    await redis[Symbol.asyncDispose]()
  })

  async function started(
    options: RedisBrokerOptions,
    histories: Readonly<Record<string, Required<HistoryOptions>>> = {},
  ): Promise<RedisBroker> {
    const broker = new RedisBroker({ ...QUICK, url: redis.url, ...options })
    onTestFinished(() => broker.close())
    await broker.start(listenerOf({ historyOf: (channel) => histories[channel] }))
    return broker
  }

  const keyOf = (prefix: string, what: string, channel = 'a'): string => `${prefix}:{${channel}}:${what}`

  test('is read as the same history is read in memory, whatever is asked for and removed', async () => {
    const publishing = fc.record({ do: fc.constant('publish' as const), count: fc.integer({ min: 1, max: 5 }) })
    const removing = fc.record({ do: fc.constant('remove' as const) })
    const steps = fc.array(fc.oneof({ weight: 4, arbitrary: publishing }, { weight: 1, arbitrary: removing }), {
      minLength: 1,
      maxLength: 5,
    })
    const range = fc.option(
      fc.record(
        { limit: fc.oneof(fc.nat(12), fc.constant(Number.MAX_SAFE_INTEGER)), reverse: fc.boolean() },
        { requiredKeys: [] },
      ),
      { nil: undefined },
    )
    const from = fc.oneof(fc.constant(undefined), fc.constant('latest' as const), fc.nat(20), fc.constant('foreign'))
    const asks = fc.array(fc.tuple(from, range), { minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(steps, asks, fc.integer({ min: 1, max: 8 }), async (all, asked, size) => {
        const history = { ...HISTORY, size }
        const broker = new RedisBroker({ ...QUICK, url: redis.url, prefix: uniquePrefix(), history })
        const model = new MemoryBroker({ history }, { now: Date.now, createEpoch: () => 'e', every: () => () => {} })
        try {
          for (const each of [broker, model]) await each.start(listenerOf())
          let published = 0
          for (const step of all) {
            if (step.do === 'remove') for (const each of [broker, model]) await each.removeHistory('a')
            for (let i = 0; step.do === 'publish' && i < step.count; i++) {
              const data = ++published
              for (const each of [broker, model]) await each.publish('a', data)
            }
          }
          for (const [what, piece] of asked) {
            const answers: unknown[] = []
            for (const each of [broker, model]) {
              const epoch = (await each.history('a')).position?.epoch as string
              const start = typeof what === 'number' ? { epoch, offset: what } : what
              const foreign = { epoch: 'foreign', offset: 2 }
              answers.push(
                comparable(await each.history('a', start === 'foreign' ? foreign : (start as Position), piece)),
              )
            }
            expect(answers[0], JSON.stringify({ what, piece })).toStrictEqual(answers[1])
          }
        } finally {
          for (const each of [broker, model]) await each.close()
        }
      }),
      { numRuns: 40 },
    )
  })

  /** A stream whose entries were stored before publications had tags, most of them long ago. */
  async function leave(prefix: string, old: number, young: number): Promise<void> {
    const nowMs = Date.now()
    const entry = (offset: number, ageMs: number): string =>
      `redis.call('XADD', KEYS[1], '${offset}-${nowMs - ageMs}', 'd', 's${offset}', 'p', '0')`
    const entries = Array.from({ length: old + young }, (_, i) => entry(i + 1, i < old ? 90_000 : 1000))
    await redis.cli('EVAL', entries.join('\n'), '1', keyOf(prefix, 'stream'))
    const fields = ['e', 'epoch', 'o', String(old + young), 't', String(nowMs - 1000), 'b', '1000']
    await redis.cli('HSET', keyOf(prefix, 'meta'), ...fields)
  }

  test.each([0, 1, 63, 64, 65, 66, 129, 300])(
    'is read without the %d that have expired, however little is asked for',
    async (old) => {
      const prefix = uniquePrefix()
      const broker = await started({ prefix, history: { size: 1000, ttlMs: 60_000 } })
      await leave(prefix, old, 3)
      const young = [old + 1, old + 2, old + 3].map(String)
      const position = { epoch: 'epoch', offset: old + 3 }
      const read = async (...asked: Parameters<RedisBroker['history']> extends [unknown, ...infer R] ? R : never) => {
        const { publications, gap, position: stand } = await broker.history('a', ...asked)
        expect(stand).toEqual(position)
        return [publications.map(({ data }) => data), gap?.reason]
      }
      expect(await read(undefined, {})).toEqual([young, undefined])
      expect(await read(undefined, { limit: 2 })).toEqual([young.slice(0, 2), undefined])
      expect(await read(undefined, { reverse: true })).toEqual([[...young].reverse(), undefined])
      expect(await read('latest')).toEqual([young.slice(2), undefined])
      const fromStart = old === 0 ? undefined : 'history-expired'
      expect(await read({ epoch: 'epoch', offset: 0 }, { limit: 1 })).toEqual([young.slice(0, 1), fromStart])
      expect(await read({ epoch: 'epoch', offset: 0 }, { limit: 0 })).toEqual([[], fromStart])
      expect(await read({ epoch: 'epoch', offset: old })).toEqual([young, undefined])
      expect(await read({ epoch: 'epoch', offset: old + 1 }, { reverse: true })).toEqual([[], fromStart])
    },
  )

  test('holds what was stored before there were tags, and what came with them, in one stream', async () => {
    const prefix = uniquePrefix()
    const broker = await started({ prefix })
    await leave(prefix, 0, 2)
    const options: PublishOptions = { tags: { a: 'b' }, info: { client: 'c', user: 'u', conn_info: { n: 1 } } }
    await broker.publish('a', 'new', options)
    const { publications } = await broker.history('a', undefined, {})
    expect(publications.map(({ data, tags, info }) => [data, tags, info])).toEqual([
      ['1', undefined, undefined],
      ['2', undefined, undefined],
      ['new', options.tags, options.info],
    ])
  })

  test('counts what goes along with data among its bytes, and forgets them with it', async () => {
    const prefix = uniquePrefix()
    const broker = await started({ prefix, history: { size: 1 } })
    const bytes = async (): Promise<number> => Number(await redis.cli('HGET', keyOf(prefix, 'meta'), 'b'))
    await broker.publish('a', 'x', { tags: { a: 'y'.repeat(1000) } })
    expect(await bytes()).toBeGreaterThan(1000)
    await broker.publish('a', 'x')
    expect(await bytes()).toBe(1)
  })

  test('that is removed leaves the position, and a lost connection finds nothing wrong with it', async () => {
    const prefix = uniquePrefix()
    const node = await hubOnRedis({ url: redis.url, prefix })
    onTestFinished(() => node.hub.close())
    const notes = await notesOf(node, 'a')
    for (const each of [1, 2]) await node.hub.publish('a', each)
    await notes.untilDelivered(2)
    await node.hub.removeHistory('a')
    expect(await redis.cli('EXISTS', keyOf(prefix, 'stream'))).toBe('0')
    expect(await redis.cli('HMGET', keyOf(prefix, 'meta'), 'o', 'b')).toBe('2\n0')
    await redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await notes.untilLive(2)
    await node.hub.publish('a', 3)
    await notes.untilDelivered(3)
    expect([notes.words, node.broker.stats.renewedEpochs]).toEqual([[1, 2, 3], 0])
    expect(await redis.cli('HGET', keyOf(prefix, 'meta'), 'b')).toBe('1')
    await node.hub.removeHistory('nobody')
    expect(await redis.cli('EXISTS', keyOf(prefix, 'meta', 'nobody'))).toBe('0')
  })

  test('expires as its hub says of the channel, and its position not before', async () => {
    const prefix = uniquePrefix()
    const histories = {
      brief: { ...HISTORY, ttlMs: 30_000 },
      long: { ...HISTORY, ttlMs: 900_000 },
      none: { ...HISTORY, size: 0 },
    }
    const broker = await started({ prefix, history: { ttlMs: 60_000 }, positionTtlMs: 600_000 }, histories)
    const pttl = async (channel: string, what: string): Promise<number> => {
      const ms = Number(await redis.cli('PTTL', keyOf(prefix, what, channel)))
      return ms < 0 ? ms : Math.ceil(ms / 1000)
    }
    for (const channel of ['brief', 'long', 'none', 'other']) await broker.publish(channel, 1)
    const seconds: Record<string, readonly number[]> = {}
    for (const channel of ['brief', 'long', 'other', 'none']) {
      seconds[channel] = [await pttl(channel, 'stream'), await pttl(channel, 'meta')]
    }
    const about = (most: number): unknown =>
      expect.toSatisfy((each: number) => each > most - 20 && each <= most, `about ${most}`)
    expect(seconds).toEqual({
      brief: [about(30), about(600)],
      long: [about(900), about(900)],
      other: [about(60), about(600)],
      none: [-2, -2], // there is no such key
    })
  })
})

/** Without epochs and times, which differ. */
function comparable({ publications, gap, position }: History): unknown {
  return {
    publications: publications.map(({ data, position: at }) => [at?.offset, data]),
    gap: gap && [gap.reason, gap.after.offset],
    offset: position?.offset,
  }
}
