import { brokerContract } from '@wigwag/hub/testing'
import { RedisBroker } from '@wigwag/redis'
import { type FaultProxy, hasRedis, RedisServer } from '@wigwag/testkit'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { cuttableBroker, QUICK, uniquePrefix } from './support/redis-brokers.ts'

describe.skipIf(!hasRedis)('the Redis broker keeps the contract of brokers', () => {
  let redis: RedisServer
  const proxies = new Set<FaultProxy>()

  beforeAll(async () => {
    redis = await RedisServer.start()
  })

  afterAll(async () => {
    for (const proxy of proxies) await proxy[Symbol.asyncDispose]()
    await redis[Symbol.asyncDispose]()
  })

  for (const { name, run } of brokerContract) {
    test(name, () =>
      run(async (history) => {
        const options = { history, prefix: uniquePrefix() }
        const { broker, outage, proxy } = await cuttableBroker(redis.port, options)
        proxies.add(proxy)
        return {
          broker,
          outage,
          advance: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
          restart: () => new RedisBroker({ ...QUICK, ...options, url: redis.url }),
        }
      }),
    )
  }
})
