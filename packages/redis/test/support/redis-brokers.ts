import { randomUUID } from 'node:crypto'
import type { BrokerOutage } from '@wigwag/hub/testing'
import { RedisBroker, type RedisBrokerOptions } from '@wigwag/redis'
import { FaultProxy } from '@wigwag/testkit'

/** Soon back, and soon sure that Redis is gone: what a test need not wait for. */
export const QUICK: RedisBrokerOptions = { maxReconnectDelayMs: 50, lingerMs: 0 }

/** A prefix that nobody else uses: many tests share one Redis. */
export function uniquePrefix(): string {
  return `test-${randomUUID()}`
}

/** Resolves when a broker's status is `state`. */
export async function untilStatus(broker: RedisBroker, state: RedisBroker['status']['state']): Promise<void> {
  while (broker.status.state !== state) await new Promise((resolve) => setImmediate(resolve))
}

/** A broker whose line to Redis can be cut. */
export async function cuttableBroker(
  redisPort: number,
  options: RedisBrokerOptions,
): Promise<{ readonly broker: RedisBroker; readonly outage: BrokerOutage; readonly proxy: FaultProxy }> {
  const proxy = new FaultProxy(redisPort)
  const port = await proxy.listen()
  const broker = new RedisBroker({ ...QUICK, ...options, url: `redis://127.0.0.1:${port}` })
  const outage: BrokerOutage = {
    begin: async () => {
      proxy.cut()
      await untilStatus(broker, 'disconnected')
    },
    end: async () => {
      proxy.mend()
      await untilStatus(broker, 'connected')
    },
    createWitness: () => new RedisBroker({ ...QUICK, ...options, url: `redis://127.0.0.1:${redisPort}` }),
  }
  return { broker, outage, proxy }
}
