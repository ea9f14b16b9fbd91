import { randomBytes } from 'node:crypto'
import type { Broker } from '../broker/broker.ts'
import type { MemoryBrokerOptions } from '../broker/history-options.ts'
import { MemoryBroker } from '../broker/memory-broker.ts'
import { Hub, type HubOptions } from '../hub.ts'

/** Options of the hub, and of the memory broker that it gets when none is given. */
export interface CreateHubOptions extends Partial<HubOptions>, MemoryBrokerOptions {
  /** Default: a memory broker. */
  readonly broker?: Broker
}

/** A hub on Node, with the memory broker unless another is given. Throws `HubError` `ERR_OPTION` for an option out of range. */
export function createHub(options: CreateHubOptions = {}): Hub {
  return new Hub({ ...options, broker: options.broker ?? createMemoryBroker(options) })
}

/** A memory broker with Node's clock and randomness. */
export function createMemoryBroker(options: MemoryBrokerOptions = {}): MemoryBroker {
  return new MemoryBroker(options, {
    now: Date.now,
    createEpoch: () => randomBytes(9).toString('base64url'),
    every: (intervalMs, run) => {
      // It keeps no process alive.
      const timer = setInterval(run, intervalMs).unref()
      return () => clearInterval(timer)
    },
  })
}
