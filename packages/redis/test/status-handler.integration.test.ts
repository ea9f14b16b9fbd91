import { listenerOf } from '@wigwag/hub/testing'
import { RedisBroker } from '@wigwag/redis'
import { hasRedis, RedisServer, watchFailures } from '@wigwag/testkit'
import { expect, onTestFinished, test, vi } from 'vitest'
import { QUICK, untilStatus } from './support/redis-brokers.ts'

test.skipIf(!hasRedis).each([
  [
    'throws',
    () => {
      throw new Error('from the handler')
    },
  ],
  ['rejects', () => Promise.reject(new Error('from the handler'))],
] as const)('an onStatus that %s is printed, and costs neither the process nor the connection', async (_what, fail) => {
  using watch = watchFailures()
  const printed = vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => printed.mockRestore())
  const redis = await RedisServer.start()
  onTestFinished(() => redis[Symbol.asyncDispose]())
  const told: string[] = []
  const broker = new RedisBroker({
    ...QUICK,
    url: redis.url,
    onStatus: ({ state }) => {
      told.push(state)
      return fail()
    },
  })
  onTestFinished(() => broker.close())
  await broker.start(listenerOf())
  await untilStatus(broker, 'connected')
  await redis.kill()
  await untilStatus(broker, 'disconnected')
  await redis.start()
  await untilStatus(broker, 'connected')
  await new Promise((resolve) => setImmediate(resolve))
  expect(told).toEqual(['connected', 'disconnected', 'connected'])
  expect(watch.failures).toEqual([])
  expect(printed).toHaveBeenCalledTimes(3)
})
