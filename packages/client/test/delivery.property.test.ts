import type { Client } from '@wigwag/client'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Deliveries } from './support/deliveries.ts'
import {
  CHANNELS,
  DELIVERING_HUB,
  DELIVERY_STEPS,
  type DeliveryStep,
  takeDeliveryStep,
} from './support/delivery-steps.ts'
import { createMemoryBench, type MemoryBench } from './support/memory-bench.ts'

type Step =
  | DeliveryStep
  | { readonly do: (typeof FAULTS)[number] | 'mend' | 'wake' | 'disconnect' | 'connect' }
  | { readonly do: 'time'; readonly ms: number }

const FAULTS = ['cut', 'stall', 'silence', 'halfOpen'] as const

const step: fc.Arbitrary<Step> = fc.oneof(
  ...DELIVERY_STEPS,
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom(...FAULTS, 'mend' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('wake' as const, 'disconnect' as const, 'connect' as const) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('time' as const), ms: fc.constantFrom(0, 0, 1, 600, 3000, 40_000) }),
  },
)

async function take(each: Step, { hub, clock, line }: MemoryBench, client: Client, world: Deliveries): Promise<void> {
  switch (each.do) {
    case 'cut':
    case 'stall':
    case 'silence':
    case 'halfOpen':
    case 'mend':
      return line[each.do]()
    case 'wake':
      return clock.wake()
    case 'disconnect':
    case 'connect':
      return client[each.do]()
    case 'time':
      return clock.advance(each.ms)
    default:
      return takeDeliveryStep(each, hub, world, 700)
  }
}

test('whatever befalls the line, the session and the subscriptions: each publication once and in order, or a gap', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const bench = createMemoryBench(DELIVERING_HUB)
      const client = bench.client()
      const world = new Deliveries(client, CHANNELS)
      await client.ready()
      await bench.clock.advance(0)
      for (const each of steps) await take(each, bench, client, world)
      bench.line.mend()
      client.connect()
      world.settle()
      // Longer than it takes to notice a silent line and to wait for the longest back-off.
      await bench.clock.advance(70_000)
      expect(client.state).toMatchObject({ phase: 'connected', isSuspect: false })
      for (const index of CHANNELS.keys()) await world.publish(bench.hub, index)
      await bench.clock.advance(0)
      world.check()
      client.disconnect()
      await bench.hub.close()
    }),
    { numRuns: 100 },
  )
}, 30_000)
