import { ticketContract } from '@wigwag/hub/testing'
import { RedisTicketStore } from '@wigwag/redis'
import { FaultProxy, hasRedis, RedisServer } from '@wigwag/testkit'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { untilAnswered } from './support/hubs-on-redis.ts'
import { SOON_BACK } from './support/presence-on-redis.ts'
import { uniquePrefix } from './support/redis-brokers.ts'
import { RedisTime } from './support/redis-time.ts'

/** So long is a millisecond of the contract: nothing expires by the time that a busy machine takes. */
const SCALE = 1000

describe.skipIf(!hasRedis)('tickets on Redis', () => {
  let redis: RedisServer
  let time: RedisTime
  const proxies = new Set<FaultProxy>()

  beforeAll(async () => {
    redis = await RedisServer.start()
    time = new RedisTime(redis.port)
  })

  afterAll(async () => {
    time.close()
    for (const proxy of proxies) await proxy[Symbol.asyncDispose]()
    await redis[Symbol.asyncDispose]()
  })

  function createStore(url = redis.url, prefix = uniquePrefix()): RedisTicketStore {
    const store = new RedisTicketStore({ ...SOON_BACK, url, prefix })
    onTestFinished(() => store.close())
    return store
  }

  for (const { name, run } of ticketContract) {
    test(`keep the contract: ${name}`, () =>
      run(async () => {
        const prefix = uniquePrefix()
        const proxy = new FaultProxy(redis.port)
        proxies.add(proxy)
        const [here, there] = [
          createStore(`redis://127.0.0.1:${await proxy.listen()}`, prefix),
          createStore(redis.url, prefix),
        ]
        return {
          store: { put: (key, who, ttlMs) => here.put(key, who, ttlMs * SCALE), take: (key) => here.take(key) },
          other: there,
          advance: (ms) => time.pass(prefix, ms * SCALE),
          outage: {
            begin: async () => proxy.cut(),
            end: async () => {
              proxy.mend()
              await untilAnswered(
                () => here.take('nobody').catch(() => null),
                (taken) => taken === undefined,
              )
            },
          },
        }
      }))
  }

  test('are gone from Redis when their time is up, used or not', async () => {
    const prefix = uniquePrefix()
    const store = createStore(redis.url, prefix)
    await store.put('long', { user: 'ada' }, 60_000)
    await store.put('short', { user: 'ada' }, 20)
    const kept = await untilAnswered(
      () => redis.cli('keys', `${prefix}*`),
      (keys) => !keys.includes('short'),
    )
    expect(kept).toBe(`${prefix}:ticket:long`)
    await store.take('long')
    expect(await redis.cli('keys', `${prefix}*`)).toBe('')
  })

  test('what is no ticket lets nobody in', async () => {
    const prefix = uniquePrefix()
    const store = createStore(redis.url, prefix)
    for (const stored of ['', '{}', '{', 'null', '"ada"', '{"user":1}', '{"user":"ada","channelInfo":{}}']) {
      await redis.cli('set', `${prefix}:ticket:a`, stored)
      await expect(store.take('a')).rejects.toMatchObject({ code: 'ERR_TICKETS_UNAVAILABLE' })
    }
    expect(await store.take('a')).toBeUndefined()
  })

  test('are refused by a Redis that has no room', async () => {
    await using full = await RedisServer.start({ args: ['--maxmemory', '1', '--maxmemory-policy', 'noeviction'] })
    const store = createStore(full.url)
    await expect(store.put('a', { user: 'ada' }, 1000)).rejects.toMatchObject({
      code: 'ERR_TICKETS_UNAVAILABLE',
      message: expect.stringContaining('OOM'),
    })
  })

  test('are refused once the store was closed', async () => {
    const store = createStore()
    await store.put('a', { user: 'ada' }, 1000)
    await store.close()
    await expect(store.take('a')).rejects.toMatchObject({
      code: 'ERR_TICKETS_UNAVAILABLE',
      message: expect.stringContaining('closed'),
    })
  })
})
