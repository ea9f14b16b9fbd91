import { MemoryBroker, type MemoryBrokerOptions, type MemoryBrokerPorts } from '@wigwag/hub'

/** A memory broker in a test's hands. */
export interface ManualBroker {
  readonly broker: MemoryBroker
  readonly clock: { nowMs: number }
  /** Does what the broker does every now and then by itself. */
  sweep(): void
  /** What the broker was lent, to make another one of. */
  readonly ports: MemoryBrokerPorts
}

/** A memory broker whose clock stands still until it is moved, with epochs `epoch-1`, `epoch-2` and so on. */
export function createManualBroker(options: MemoryBrokerOptions = {}, firstEpoch = 1): ManualBroker {
  const clock = { nowMs: 1_000_000 }
  let epochs = firstEpoch - 1
  let sweep = (): void => {}
  const ports: MemoryBrokerPorts = {
    now: () => clock.nowMs,
    createEpoch: () => `epoch-${++epochs}`,
    every: (_intervalMs, run) => {
      sweep = run
      return () => {
        sweep = () => {}
      }
    },
  }
  return { broker: new MemoryBroker(options, ports), clock, ports, sweep: () => sweep() }
}
