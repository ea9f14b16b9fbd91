import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Switchboard } from '../../src/share/switchboard.ts'
import { Deliveries } from '../support/deliveries.ts'
import { createMemoryBench, type MemoryBench } from '../support/memory-bench.ts'
import { createSwitchboard, openTab, type Tab } from '../support/tabs.ts'

type Step =
  | { readonly do: 'publish'; readonly channel: number; readonly count: number }
  | { readonly do: 'cut' | 'silence' | 'mend' | 'drain' | 'reset' | 'come' }
  | { readonly do: 'go' | 'die' | 'sleep' | 'wake' | 'connect'; readonly tab: number }
  | { readonly do: 'leave' | 'enter' | 'flinch'; readonly tab: number; readonly channel: number }
  | { readonly do: 'time'; readonly ms: number }

const channel = fc.integer({ min: 0, max: 2 })
const tab = fc.integer({ min: 0, max: 3 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('publish' as const), channel, count: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('cut' as const, 'silence' as const, 'mend' as const, 'drain' as const, 'reset' as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('come' as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom('go' as const, 'die' as const, 'sleep' as const, 'wake' as const, 'connect' as const),
      tab,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('leave' as const, 'enter' as const, 'flinch' as const),
      tab,
      channel,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('time' as const), ms: fc.constantFrom(0, 0, 1, 600, 3000, 40_000) }),
  },
)

/** History of the first reaches back as far as needed, that of the second hardly; the third has none. */
const NAMES = ['deep:a', 'short:b', 'none:c']

/** A tab, and what it was told. */
interface Reader {
  readonly tab: Tab
  readonly told: Deliveries
}

class World {
  readonly bench: MemoryBench
  readonly board: Switchboard
  readonly readers: Reader[] = []
  readonly #all: number[][] = NAMES.map(() => [])
  #last = 0

  constructor(bench: MemoryBench, board: Switchboard) {
    this.bench = bench
    this.board = board
  }

  come(): void {
    const opened = openTab(this.bench, this.board)
    const told = new Deliveries(opened.client, NAMES)
    // It begins where the switchboard stands, which may not have heard yet of the last.
    for (const [index, published] of this.#all.entries()) told.published[index]?.push(...published)
    this.readers.push({ tab: opened, told })
  }

  async publish(index: number): Promise<void> {
    const data = ++this.#last
    for (const published of [this.#all, ...this.readers.map(({ told }) => told.published)]) published[index]?.push(data)
    await this.bench.hub.publish(NAMES[index] as string, data)
  }

  async take(each: Step): Promise<void> {
    const { hub, line, clock } = this.bench
    const reader = 'tab' in each ? this.readers[each.tab] : undefined
    const of = 'tab' in each && 'channel' in each ? reader?.told.readers[each.channel] : undefined
    switch (each.do) {
      case 'publish':
        for (let i = 0; i < each.count; i++) await this.publish(each.channel)
        return
      case 'cut':
      case 'silence':
      case 'mend':
        return line[each.do]()
      case 'drain':
        return hub.sessions.disconnect({ user: 'ann' }, { code: 3001, reason: 'shutdown', delayMs: 700 })
      case 'reset':
        return hub.sessions.unsubscribe({ user: 'ann' }, NAMES[0] as string, {
          code: 2500,
          reason: 'insufficient state',
        })
      case 'come':
        if (this.readers.length < 4) this.come()
        return
      case 'go':
        return reader?.tab.client.disconnect()
      case 'connect':
        return reader?.tab.client.connect()
      case 'die': {
        reader?.tab.die()
        if (reader !== undefined) this.readers.splice(this.readers.indexOf(reader), 1)
        return
      }
      case 'sleep':
      case 'wake':
        return reader?.tab[each.do]()
      case 'leave':
        return of?.subscription.unsubscribe()
      case 'enter':
        return of?.subscription.subscribe()
      case 'flinch':
        if (of !== undefined) of.flinches = true
        return
      case 'time':
        return clock.advance(each.ms)
    }
  }
}

test('whatever befalls the line and the tabs: each tab has each publication once and in order, or a gap', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 50 }),
      fc.constantFrom({}, { maxRecentPublications: 2 }, { maxRecentBytes: 1 }, { maxUnreadBytes: 400 }),
      async (steps, limits) => {
        const bench = createMemoryBench({
          authenticate: () => ({ user: 'ann' }),
          namespaces: {
            deep: { history: { size: 300 } },
            short: { history: { size: 3 } },
            none: { history: { size: 0 } },
          },
        })
        const world = new World(bench, createSwitchboard(bench, limits))
        world.come()
        world.come()
        await bench.clock.advance(0)
        for (const each of steps) await world.take(each)
        bench.line.mend()
        world.come()
        for (const { tab: each, told } of world.readers) {
          each.wake()
          each.client.connect()
          for (const reader of told.readers) {
            reader.flinches = false
            reader.subscription.subscribe()
          }
        }
        // Longer than it takes to notice a silent line and to wait for the longest back-off.
        await bench.clock.advance(100_000)
        const here = world.readers.map(({ tab: each }) => each.client.state)
        for (const state of here) expect(state).toMatchObject({ phase: 'connected', isSuspect: false })
        expect(bench.hub.sessions.stats.connected).toBe(1)
        for (const index of NAMES.keys()) await world.publish(index)
        await bench.clock.advance(0)
        for (const { told } of world.readers) {
          told.check()
          expect(told.readers[0]?.told).not.toContain('gap')
        }
        for (const { tab: each } of world.readers) each.client.disconnect()
        await bench.clock.advance(0)
        expect(world.board.tabs).toBe(0)
        await bench.hub.close()
      },
    ),
    { numRuns: Number(process.env['RUNS'] ?? 100) },
  )
}, 300_000)
