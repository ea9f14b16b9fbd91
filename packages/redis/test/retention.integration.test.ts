import { type History, MemoryBroker, type Position, type PublicationData } from '@wigwag/hub'
import { listenerOf } from '@wigwag/hub/testing'
import { RedisBroker, type RedisBrokerOptions } from '@wigwag/redis'
import { hasRedis, RedisServer } from '@wigwag/testkit'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { hubOnRedis, notesOf, untilAnswered } from './support/hubs-on-redis.ts'
import { QUICK, uniquePrefix } from './support/redis-brokers.ts'

const IGNORE = listenerOf()

describe.skipIf(!hasRedis)('a stream in Redis', () => {
  let redis: RedisServer

  beforeAll(async () => {
    redis = await RedisServer.start()
  })

  afterAll(async () => {
    await redis[Symbol.asyncDispose]()
  })

  async function started(options: RedisBrokerOptions): Promise<RedisBroker> {
    const broker = new RedisBroker({ ...QUICK, url: redis.url, ...options })
    onTestFinished(() => broker.close())
    await broker.start(IGNORE)
    return broker
  }

  const keyOf = (prefix: string, what: string): string => `${prefix}:{a}:${what}`

  async function pttl(prefix: string, what: 'meta' | 'stream'): Promise<number> {
    return Number(await redis.cli('PTTL', keyOf(prefix, what)))
  }

  test('retains what the same limits retain in memory, and counts its bytes', async () => {
    const size = fc.integer({ min: 1, max: 8 })
    const maxBytes = fc.integer({ min: 1, max: 60 })
    const lengths = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 25 })
    await fc.assert(
      fc.asyncProperty(size, maxBytes, lengths, async (mostPublications, mostBytes, sizes) => {
        const prefix = uniquePrefix()
        const history = { size: mostPublications, maxBytes: mostBytes, ttlMs: 60_000 }
        const broker = new RedisBroker({ ...QUICK, url: redis.url, prefix, history })
        const model = new MemoryBroker({ history }, { now: Date.now, createEpoch: () => 'e', every: () => () => {} })
        try {
          await broker.start(IGNORE)
          await model.start(IGNORE)
          for (const [i, length] of sizes.entries()) {
            const data: PublicationData = i % 2 === 0 ? new Uint8Array(length).fill(i) : 'x'.repeat(length)
            await Promise.all([broker.publish('a', data), model.publish('a', data)])
          }
          const [real, expected] = await Promise.all([everything(broker), everything(model)])
          expect(comparable(real)).toStrictEqual(comparable(expected))
          const bytes = expected.publications.reduce((sum, { data }) => sum + (data as string | Uint8Array).length, 0)
          expect(await redis.cli('HGET', keyOf(prefix, 'meta'), 'b')).toBe(String(bytes))
          expect(await redis.cli('XLEN', keyOf(prefix, 'stream'))).toBe(String(expected.publications.length))
        } finally {
          await broker.close()
        }
      }),
      { numRuns: 25 },
    )
  })

  /** A stream as another node left it: times in milliseconds from now. */
  async function leave(prefix: string, entries: readonly { readonly data: string; readonly time: number }[]) {
    const nowMs = Date.now()
    let before = 0
    for (const [i, { data, time }] of entries.entries()) {
      await redis.cli('XADD', keyOf(prefix, 'stream'), `${i + 1}-${nowMs + time}`, 'd', `s${data}`, 'p', String(before))
      before = nowMs + time
    }
    const bytes = entries.reduce((sum, { data }) => sum + data.length, 0)
    const fields = ['e', 'epoch', 'o', String(entries.length), 't', String(before), 'b', String(bytes)]
    await redis.cli('HSET', keyOf(prefix, 'meta'), ...fields)
  }

  test('lets go of what is too old, while what is younger stays', async () => {
    const prefix = uniquePrefix()
    const broker = await started({ prefix, history: { ttlMs: 60_000 } })
    await leave(prefix, [
      { data: 'old', time: -90_000 },
      { data: 'older than allowed', time: -60_001 },
      { data: 'young', time: -1000 },
    ])
    const history = await broker.history('a', { epoch: 'epoch', offset: 0 })
    expect(history.publications.map(({ data }) => data)).toEqual(['young'])
    expect(history.gap?.reason).toBe('history-expired')
    await broker.publish('a', 'new')
    expect(await redis.cli('XLEN', keyOf(prefix, 'stream'))).toBe('2')
    expect(await redis.cli('HGET', keyOf(prefix, 'meta'), 'b')).toBe(String('young'.length + 'new'.length))
  })

  test('has no hole where the clock was set back: what is younger than an older one stays with it', async () => {
    const prefix = uniquePrefix()
    const broker = await started({ prefix, history: { ttlMs: 60_000 } })
    await leave(prefix, [
      { data: 'first', time: -1000 },
      { data: 'second, on a clock that was behind', time: -90_000 },
      { data: 'third', time: -500 },
    ])
    const history = await broker.history('a', { epoch: 'epoch', offset: 0 })
    expect(history.publications.map(({ position }) => position?.offset)).toEqual([1, 2, 3])
    expect(history.gap).toBeUndefined()
  })

  test('expires as a whole when nothing is published, and its position much later', async () => {
    const prefix = uniquePrefix()
    const broker = await started({ prefix, history: { ttlMs: 60_000 }, positionTtlMs: 600_000 })
    await broker.publish('a', 1)
    expect(await pttl(prefix, 'stream')).toSatisfy((ms: number) => ms > 50_000 && ms <= 60_000)
    expect(await pttl(prefix, 'meta')).toSatisfy((ms: number) => ms > 590_000 && ms <= 600_000)
    await broker.publish('a', 2, { idempotencyKey: 'k' })
    expect(Number(await redis.cli('PTTL', `${keyOf(prefix, 'key:')}k`))).toBeGreaterThan(290_000)
  })

  test('goes on where it stood after it has expired; when its position has, too, it begins anew', async () => {
    const prefix = uniquePrefix()
    const options = { prefix, history: { ttlMs: 30 }, positionTtlMs: 3_600_000 }
    const broker = await started(options)
    const first = await broker.publish('a', 'expired')
    const exists = (): Promise<string> => redis.cli('EXISTS', keyOf(prefix, 'stream'))
    await untilAnswered(exists, (answer) => answer === '0')
    expect((await broker.history('a')).position).toEqual(first.position)
    const after = await broker.history('a', { ...(first.position as Position), offset: 0 })
    expect([after.gap?.reason, after.publications]).toEqual(['history-expired', []])
    const patient = await started({ ...options, history: { ttlMs: 60_000 } })
    expect((await patient.publish('a', 'next')).position).toEqual({ ...first.position, offset: 2 })
    expect(await redis.cli('HGET', keyOf(prefix, 'meta'), 'b')).toBe('4')
    await redis.cli('DEL', keyOf(prefix, 'meta'), keyOf(prefix, 'stream'))
    const anew = await patient.publish('a', 'anew')
    expect(anew.position?.offset).toBe(1)
    expect(anew.position?.epoch).not.toBe(first.position?.epoch)
  })

  test.each([2 ** 31 - 2, 2 ** 32 - 2, 10 ** 15, Number.MAX_SAFE_INTEGER - 4])(
    'counts exactly at %d',
    async (stand) => {
      const prefix = uniquePrefix()
      const node = await hubOnRedis({ url: redis.url, prefix })
      onTestFinished(() => node.hub.close())
      await node.hub.publish('a', 'before')
      await redis.cli('HSET', keyOf(prefix, 'meta'), 'o', String(stand))
      const notes = await notesOf(node, 'a')
      const offsets = [stand + 1, stand + 2, stand + 3]
      for (const offset of offsets) expect((await node.hub.publish('a', offset)).position?.offset).toBe(offset)
      await notes.untilDelivered(3)
      expect(notes.publications.map(({ position }) => position?.offset)).toEqual(offsets)
      const epoch = notes.publications[0]?.position?.epoch as string
      for (const offset of offsets) {
        const { publications, gap } = await node.hub.history('a', { epoch, offset })
        expect(publications.map(({ data }) => data)).toEqual(offsets.filter((each) => each > offset))
        expect(gap).toBeUndefined()
      }
      // A lost connection finds it where it was.
      await redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub')
      await notes.untilLive(2)
      expect([notes.gaps, node.broker.stats.renewedEpochs]).toEqual([[], 0])
    },
  )

  test('is not mistaken for its successor when Redis evicted the position before it', async () => {
    for (const next of ['publish', 'read'] as const) {
      const prefix = uniquePrefix()
      const broker = await started({ prefix })
      const before = [await broker.publish('a', 1), await broker.publish('a', 2)].at(-1)?.position as Position
      await redis.cli('DEL', keyOf(prefix, 'meta'))
      if (next === 'read') expect((await broker.history('a')).position?.offset).toBe(0)
      expect((await broker.publish('a', 'new')).position?.offset).toBe(1)
      const history = await broker.history('a', before)
      expect(history.publications.map(({ data }) => data)).toEqual(['new'])
      expect(history.gap?.reason).toBe('epoch-changed')
      expect(await redis.cli('HGET', keyOf(prefix, 'meta'), 'b')).toBe('3')
    }
  })

  test('that nobody published to is remembered only as long as history is, unless somebody is subscribed', async () => {
    const prefix = uniquePrefix()
    const broker = await started({ prefix, history: { ttlMs: 60_000 }, positionTtlMs: 600_000 })
    const { position } = await broker.history('a')
    expect(await pttl(prefix, 'meta')).toBeLessThanOrEqual(60_000)
    await broker.subscribe('a')
    expect((await broker.history('a')).position).toEqual(position)
    expect(await pttl(prefix, 'meta')).toBeGreaterThan(60_000)
    const other = await started({ prefix, history: { ttlMs: 60_000 }, positionTtlMs: 600_000 })
    await other.history('a')
    expect(await pttl(prefix, 'meta')).toBeGreaterThan(60_000)
    expect(await redis.cli('EXISTS', keyOf(prefix, 'stream'))).toBe('0')
  })
})

/** All that a broker retains. */
async function everything(broker: RedisBroker | MemoryBroker): Promise<History> {
  const { position } = await broker.history('a')
  return broker.history('a', { ...(position as Position), offset: 0 })
}

/** Without epochs and times, which differ. */
function comparable({ publications, gap, position }: History): unknown {
  const retained = publications.map(({ data, position: at }) => [at?.offset, data])
  return { retained, gap: gap?.reason, offset: position?.offset }
}
