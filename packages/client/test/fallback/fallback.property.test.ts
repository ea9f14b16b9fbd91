import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Deliveries } from '../support/deliveries.ts'
import { createMemoryBench } from '../support/memory-bench.ts'
import { Way } from '../support/way.ts'

const which = fc.integer({ min: 0, max: 2 })
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('publish' as const), which }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('shape' as const),
      which,
      how: fc.constantFrom('open' as const, 'open' as const, 'refused' as const, 'deaf' as const, 'breaks' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('cut' as const, 'silence' as const), which }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('time' as const), ms: fc.constantFrom(1, 700, 5000, 40_000) }) },
)

/** History of the first two channels reaches back as far as needed, or hardly. */
const NAMES = ['deep:a', 'short:b', 'deep:c']

test('whichever ways are free and whenever: each publication once and in order, or a gap; and in the end the best way', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const bench = createMemoryBench({
        authenticate: () => ({ user: 'ann' }),
        namespaces: { deep: { history: { size: 300 } }, short: { history: { size: 3 } } },
      })
      const { hub, clock } = bench
      const ways = ['best', 'middle', 'last'].map((name) => new Way(name, bench))
      const client = bench.client({ transports: ways })
      const deliveries = new Deliveries(client, NAMES)
      await client.ready()
      for (const each of steps) {
        if (each.do === 'time') await clock.advance(each.ms)
        else if (each.do === 'publish') await deliveries.publish(hub, each.which)
        else {
          const way = ways[each.which] as Way
          if (each.do === 'shape') way.how = each.how
          else {
            way.line[each.do]()
            way.line.mend()
          }
        }
      }
      for (const way of ways) way.how = 'open'
      // Longer than it takes to notice silence, and to come back.
      await clock.advance(70_000)
      for (const index of NAMES.keys()) await deliveries.publish(hub, index)
      await clock.advance(1000)
      deliveries.check()
      // Longer than it stays where it came down to, however often it has looked up before.
      await clock.advance(2_000_000)
      expect(hub.sessions.stats.connected).toBe(1)
      const opened = ways.map(({ line }) => line.opened)
      ways[0]?.line.cut()
      ways[0]?.line.mend()
      await clock.advance(2000)
      expect(ways.map(({ line }, index) => line.opened - (opened[index] ?? 0))).toEqual([1, 0, 0])
      for (const index of NAMES.keys()) await deliveries.publish(hub, index)
      await clock.advance(0)
      deliveries.check()
      client.disconnect()
      await hub.close()
    }),
    { numRuns: 25 },
  )
}, 60_000)
