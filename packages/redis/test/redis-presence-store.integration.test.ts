import { presenceContract } from '@wigwag/hub/testing'
import { RedisPresenceStore } from '@wigwag/redis'
import { FaultProxy, hasRedis, RedisServer } from '@wigwag/testkit'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { untilAnswered } from './support/hubs-on-redis.ts'
import { SOON_BACK, untilReached } from './support/presence-on-redis.ts'
import { uniquePrefix } from './support/redis-brokers.ts'
import { RedisTime } from './support/redis-time.ts'

/** So long is a millisecond of the contract: nothing expires by the time that a busy machine takes. */
const SCALE = 1000

const SERVERS: readonly (readonly [name: string, args: readonly string[]])[] = [
  ['a Redis of its own', []],
  // It refuses scripts whose keys lie in different slots.
  ['a node of a Redis Cluster', ['--cluster-enabled', 'yes']],
]

describe.skipIf(!hasRedis).each(SERVERS)('on %s, two presence stores keep the contract', (_name, args) => {
  let redis: RedisServer
  let time: RedisTime
  const proxies = new Set<FaultProxy>()

  beforeAll(async () => {
    redis = await RedisServer.start({ args })
    if (args.length > 0) {
      await redis.cli('cluster', 'addslotsrange', '0', '16383')
      await untilAnswered(
        () => redis.cli('cluster', 'info'),
        (info) => info.includes('cluster_state:ok'),
      )
    }
    time = new RedisTime(redis.port)
  })

  afterAll(async () => {
    time.close()
    for (const proxy of proxies) await proxy[Symbol.asyncDispose]()
    await redis[Symbol.asyncDispose]()
  })

  for (const { name, run } of presenceContract) {
    test(name, () =>
      run(async (ttlMs) => {
        const prefix = uniquePrefix()
        const proxy = new FaultProxy(redis.port)
        proxies.add(proxy)
        const options = { ...SOON_BACK, prefix, presenceTtlMs: ttlMs * SCALE }
        const store = new RedisPresenceStore({ ...options, url: `redis://127.0.0.1:${await proxy.listen()}` })
        return {
          store,
          other: new RedisPresenceStore({ ...options, url: redis.url }),
          advance: (ms) => time.pass(prefix, ms * SCALE),
          outage: {
            begin: async () => proxy.cut(),
            end: async () => {
              proxy.mend()
              await untilReached(store)
            },
          },
        }
      }),
    )
  }
})
