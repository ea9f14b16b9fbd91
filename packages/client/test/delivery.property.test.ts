import type { Client } from '@wigwag/client'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Deliveries } from './support/deliveries.ts'
import { createMemoryBench, type MemoryBench } from './support/memory-bench.ts'

type Step =
  | { readonly do: 'publish'; readonly channel: number; readonly count: number }
  | {
      readonly do:
        | 'cut'
        | 'stall'
        | 'silence'
        | 'halfOpen'
        | 'mend'
        | 'wake'
        | 'disconnect'
        | 'connect'
        | 'drain'
        | 'reset'
    }
  | { readonly do: 'leave' | 'enter' | 'flinch'; readonly channel: number }
  | { readonly do: 'time'; readonly ms: number }

const FAULTS = ['cut', 'stall', 'silence', 'halfOpen'] as const

const channel = fc.integer({ min: 0, max: 2 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('publish' as const), channel, count: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom(...FAULTS, 'mend' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'wake' as const,
        'disconnect' as const,
        'connect' as const,
        'drain' as const,
        'reset' as const,
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('leave' as const, 'enter' as const, 'flinch' as const), channel }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('time' as const), ms: fc.constantFrom(0, 0, 1, 600, 3000, 40_000) }),
  },
)

/** History of the first two channels reaches back as far as needed, or hardly; the third has none. */
const NAMES = ['deep:a', 'short:b', 'none:c']

async function take(each: Step, { hub, clock, line }: MemoryBench, client: Client, world: Deliveries): Promise<void> {
  const reader = 'channel' in each ? world.readers[each.channel] : undefined
  switch (each.do) {
    case 'publish':
      for (let i = 0; i < each.count; i++) await world.publish(hub, each.channel)
      return
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
    case 'drain':
      return hub.sessions.disconnect({ user: 'ann' }, { code: 3001, reason: 'shutdown', delayMs: 700 })
    case 'reset':
      return hub.sessions.unsubscribe({ user: 'ann' }, NAMES[0] as string, { code: 2500, reason: 'insufficient state' })
    case 'leave':
      return reader?.subscription.unsubscribe()
    case 'enter':
      return reader?.subscription.subscribe()
    case 'flinch':
      if (reader !== undefined) reader.flinches = true
      return
    case 'time':
      return clock.advance(each.ms)
  }
}

test('whatever befalls the line, the session and the subscriptions: each publication once and in order, or a gap', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const bench = createMemoryBench({
        authenticate: () => ({ user: 'ann' }),
        namespaces: {
          deep: { history: { size: 300 } },
          short: { history: { size: 3 } },
          none: { history: { size: 0 } },
        },
      })
      const client = bench.client()
      const world = new Deliveries(client, NAMES)
      await client.ready()
      await bench.clock.advance(0)
      for (const each of steps) await take(each, bench, client, world)
      bench.line.mend()
      client.connect()
      for (const reader of world.readers) {
        reader.flinches = false
        reader.subscription.subscribe()
      }
      // Longer than it takes to notice a silent line and to wait for the longest back-off.
      await bench.clock.advance(70_000)
      expect(client.state).toMatchObject({ phase: 'connected', isSuspect: false })
      for (const index of NAMES.keys()) await world.publish(bench.hub, index)
      await bench.clock.advance(0)
      world.check()
      client.disconnect()
      await bench.hub.close()
    }),
    { numRuns: 100 },
  )
}, 30_000)
