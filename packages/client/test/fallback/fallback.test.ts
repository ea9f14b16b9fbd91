import type { Client, ClientOptions, TransportMemory } from '@wigwag/client'
import type { ManualClock } from '@wigwag/client/testing'
import type { HubOptions } from '@wigwag/hub'
import { describe, expect, test } from 'vitest'
import { createMemoryBench } from '../support/memory-bench.ts'
import { Way } from '../support/way.ts'

/** What is kept, on the clock of a test. */
function createMemory(clock: ManualClock): TransportMemory & { readonly texts: Map<string, [number, string]> } {
  const texts = new Map<string, [number, string]>()
  return {
    texts,
    recall: (key, maxAgeMs) => {
      const [keptMs, text] = texts.get(key) ?? [Number.NEGATIVE_INFINITY, '']
      return clock.nowMs() - keptMs <= maxAgeMs ? text : undefined
    },
    remember: (key, text) => void (text === undefined ? texts.delete(key) : texts.set(key, [clock.nowMs(), text])),
  }
}

function createWays(options: Partial<HubOptions> = {}) {
  const bench = createMemoryBench({
    namespaces: { '': { history: { size: 100 } }, none: { history: { size: 0 } } },
    ...options,
  })
  const ways = ['best', 'middle', 'last'].map((name) => new Way(name, bench)) as [Way, Way, Way]
  const memory = createMemory(bench.clock)
  const create = (clientOptions: ClientOptions = {}): Client =>
    bench.client({ transports: ways, environment: { ...bench.clock.environment(), memory }, ...clientOptions })
  return { ...bench, ways, memory, create }
}

describe('down', () => {
  test.each(['refused', 'breaks'] as const)('a way that is %s is left at once for the next', async (how) => {
    const { ways, create, clock } = createWays()
    ways[0].how = how
    ways[1].how = how
    const client = create()
    client.connect()
    await clock.advance(3000)
    expect(client.state.phase).toBe('connected')
    expect(ways.map(({ attempts }) => attempts)).toEqual([1, 1, 1])
  })

  test('a way that opens and is deaf is left when its time is up', async () => {
    const { ways, create, clock } = createWays()
    ways[0].how = 'deaf'
    const client = create()
    client.connect()
    await clock.advance(12_000)
    expect(client.state.phase).toBe('connected')
    expect(ways.map(({ attempts }) => attempts)).toEqual([1, 1, 0])
  })

  test('a way that goes deaf soon after it let the client in is left, too', async () => {
    const { ways, create, clock } = createWays()
    const client = create()
    await client.ready()
    ways[0].line.silence()
    ways[0].how = 'deaf'
    await clock.advance(40_000)
    expect(client.state.phase).toBe('connected')
    expect(ways.map(({ attempts }) => attempts)).toEqual([1, 1, 0])
  })

  test('one that has worked is tried again while a server starts anew', async () => {
    const { ways, create, clock } = createWays()
    const client = create()
    await client.ready()
    ways[0].line.cut()
    await clock.advance(1200)
    ways[0].line.mend()
    await clock.advance(5000)
    expect(client.state.phase).toBe('connected')
    expect(ways.map(({ attempts }) => attempts > 0)).toEqual([true, false, false])
  })

  test('with nobody there all are tried, round and round', async () => {
    const { ways, create, clock } = createWays()
    for (const way of ways) way.how = 'refused'
    create().connect()
    await clock.advance(300_000)
    const [best, middle, last] = ways.map(({ attempts }) => attempts) as [number, number, number]
    expect(best).toBeGreaterThan(3)
    expect(best - last).toBeLessThanOrEqual(1)
    expect(middle - last).toBeLessThanOrEqual(1)
  })
})

describe('up', () => {
  test('the best one is probed after a while, and moved to, and nothing is lost or comes twice', async () => {
    const { hub, ways, create, clock } = createWays({ authenticate: () => ({ user: 'ann' }) })
    ways[0].how = 'refused'
    const client = create()
    const heard: unknown[] = []
    const gaps: unknown[] = []
    client.subscribe('a', { onGap: (gap) => gaps.push(gap) }).on('publication', ({ data }) => heard.push(data))
    await Promise.all([client.ready(), clock.advance(2000)])
    const reasons: string[] = []
    client.on('connecting', ({ reason }) => reasons.push(reason.name))
    ways[0].how = 'open'
    let n = 0
    for (; n < 700; n++) {
      await hub.publish('a', n)
      await clock.advance(100)
    }
    expect(reasons).toEqual(['movedUp'])
    expect(client.state.phase).toBe('connected')
    // Once in vain, once to look, once to stay.
    expect(ways.map(({ attempts }) => attempts)).toEqual([3, 1, 0])
    expect(heard).toEqual(Array.from({ length: n }, (_, i) => i))
    expect(gaps).toEqual([])
    expect(hub.sessions.stats.open).toBe(1)
  })

  test('after a time in which nobody was there, one that had worked is looked at within seconds', async () => {
    const { ways, create, clock } = createWays({ authenticate: () => ({ user: 'ann' }) })
    const client = create()
    await client.ready()
    ways[0].line.cut()
    for (const way of ways) way.how = 'refused'
    // Until it is the turn of another, which is the first to find the server there again.
    for (let ms = 0; ways[1].attempts === 0 && ms < 60_000; ms += 100) await clock.advance(100)
    ways[0].line.mend()
    for (const way of ways) way.how = 'open'
    await clock.advance(30_000)
    const { attempts } = ways[0]
    expect(client.state).toMatchObject({ phase: 'connected', transport: 'best' })
    // It stays there.
    await clock.advance(120_000)
    expect(ways[0].attempts).toBe(attempts)
  })

  test('a way that is still blocked costs nothing but a look, each time later', async () => {
    const { ways, create, clock } = createWays()
    ways[0].how = 'deaf'
    const client = create()
    await Promise.all([client.ready(), clock.advance(12_000)])
    const states: string[] = []
    client.on('state', ({ phase }) => states.push(phase))
    const looks: number[] = []
    for (let hour = 0; hour < 4; hour++) {
      const before = ways[0].attempts
      await clock.advance(3_600_000)
      looks.push(ways[0].attempts - before)
    }
    expect(looks[0]).toBeGreaterThanOrEqual(4)
    expect(looks[0]).toBeLessThanOrEqual(7)
    for (const each of looks.slice(1)) expect(each).toBeLessThanOrEqual(3)
    expect(states).toEqual([])
  })

  test('it waits while something could be lost: an answer, or a channel without history', async () => {
    let answer = (_value: null): void => {}
    const { ways, create, clock } = createWays({ rpc: () => new Promise<null>((resolve) => (answer = resolve)) })
    ways[0].how = 'refused'
    const client = create({ timeoutMs: 100_000 })
    await Promise.all([client.ready(), clock.advance(2000)])
    ways[0].how = 'open'
    const call = client.rpc('slow')
    for (let s = 0; s < 60 && ways[0].attempts === 1; s++) await clock.advance(1000)
    expect(ways[0].attempts).toBe(2)
    await clock.advance(2000)
    const live = client.subscribe('none:a')
    await live.ready()
    answer(null)
    expect(await call).toBe(null)
    await clock.advance(5000)
    expect(ways[0].attempts).toBe(2)
    live.unsubscribe()
    await clock.advance(2000)
    expect(ways[0].attempts).toBe(3)
    expect(client.state.phase).toBe('connected')
  })

  test('nothing goes on behind disconnect()', async () => {
    const { ways, create, clock } = createWays()
    ways[0].how = 'deaf'
    const client = create()
    await Promise.all([client.ready(), clock.advance(12_000)])
    const attempts = ways[0].attempts
    client.disconnect()
    await clock.advance(3_600_000)
    expect(ways[0].attempts).toBe(attempts)
  })
})

describe('memory', () => {
  test('what worked is where the next client begins, and it is forgotten when the best one works, or in time', async () => {
    const { ways, create, clock, memory } = createWays()
    ways[0].how = 'refused'
    const first = create()
    await Promise.all([first.ready(), clock.advance(2000)])
    first.disconnect()
    expect([...memory.texts.values()].map(([, text]) => text)).toEqual(['middle'])
    const second = create()
    await second.ready()
    second.disconnect()
    expect(ways.map(({ attempts }) => attempts)).toEqual([1, 2, 0])
    await clock.sleep(86_400_001)
    ways[0].how = 'open'
    await create().ready()
    expect(ways.map(({ attempts }) => attempts)).toEqual([2, 2, 0])
    expect(memory.texts.size).toBe(0)
  })

  test('a name that is none is passed over', async () => {
    const { ways, create, memory } = createWays()
    memory.recall = () => 'pigeon'
    await create().ready()
    expect(ways.map(({ attempts }) => attempts)).toEqual([1, 0, 0])
  })
})
