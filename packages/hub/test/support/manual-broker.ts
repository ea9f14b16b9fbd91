import { MemoryBroker, type MemoryBrokerOptions } from '@wigwag/hub'

/** A memory broker whose clock stands still until it is moved, with epochs `epoch-1`, `epoch-2` and so on. */
export function createManualBroker(options: MemoryBrokerOptions = {}): {
  readonly broker: MemoryBroker
  readonly clock: { nowMs: number }
} {
  const clock = { nowMs: 1_000_000 }
  let epochs = 0
  const broker = new MemoryBroker(options, { now: () => clock.nowMs, createEpoch: () => `epoch-${++epochs}` })
  return { broker, clock }
}
