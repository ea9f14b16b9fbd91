import { MemoryPresenceStore, PresenceKeeper } from '@wigwag/hub'
import { expect, test } from 'vitest'
import { guardedPresenceStore } from '../support/guarded-presence-store.ts'

const turns = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const START_MS = 1_000_000

/** A keeper with a store that can be taken away, and counts of what it was asked. */
function createWorld() {
  const world = { nowMs: START_MS, isAway: false, asked: 0, atOnce: 0, mostAtOnce: 0, told: [] as string[] }
  const kept = new MemoryPresenceStore({}, { now: () => world.nowMs })
  const reach = async <T>(ask: () => Promise<T>): Promise<T> => {
    world.asked++
    world.mostAtOnce = Math.max(world.mostAtOnce, ++world.atOnce)
    await Promise.resolve()
    world.atOnce--
    if (world.isAway) throw new Error('it is away')
    return ask()
  }
  const store = guardedPresenceStore(kept, reach)
  const keeper = new PresenceKeeper(store, {
    joined: (channel, { client }) => world.told.push(`${client} joined ${channel}`),
    left: (channel, { client }) => world.told.push(`${client} left ${channel}`),
  })
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second++) {
      world.nowMs += 1000
      keeper.tick(world.nowMs)
      await turns()
    }
  }
  const enter = (client: string): void => keeper.enter('a', { client, user: client }, world.nowMs)
  return { world, keeper, kept, pass, enter }
}

test('keepalives of sessions that came together are spread, few enough for each to live', async () => {
  const { world, keeper, kept, enter, pass } = createWorld()
  for (let i = 0; i < 1000; i++) enter(`s${i}`)
  await turns()
  expect(world.mostAtOnce, 'a store is not asked everything at once').toBe(64)
  expect(world.told).toHaveLength(1000)
  const perSecond: number[] = []
  for (let second = 0; second < 300; second++) {
    const before = world.asked
    await pass(1)
    perSecond.push(world.asked - before)
    expect((await kept.stats('a')).clients).toBe(1000)
  }
  expect(Math.max(...perSecond), 'of 1,000 in 20 to 25 s').toBeLessThan(300)
  expect(Math.max(...perSecond.slice(200)), 'and further apart with every round').toBeLessThan(120)
  expect(world.asked, 'once every 20 to 25 s').toBeLessThan(1000 * (1 + 300 / 20) + 20)
  expect(world.told).toHaveLength(1000)
  keeper.close()
})

test('a store that is away is asked little, hears of everything when it is back, and presence says so meanwhile', async () => {
  const { world, keeper, kept, enter, pass } = createWorld()
  enter('before')
  await turns()
  world.isAway = true
  for (let i = 0; i < 200; i++) enter(`s${i}`)
  await turns()
  keeper.leave('a', 'before', world.nowMs)
  keeper.leave('a', 's0', world.nowMs)
  const before = world.asked
  await pass(30)
  expect(world.asked - before, 'one request a second').toBeLessThan(40)
  const refused = expect.objectContaining({ code: 'ERR_PRESENCE_UNAVAILABLE' })
  await expect(keeper.presence('a')).rejects.toEqual(refused)
  await expect(keeper.stats('a')).rejects.toEqual(refused)
  expect(world.told).toEqual(['before joined a'])
  world.isAway = false
  await pass(5)
  expect((await keeper.stats('a')).clients).toBe(199)
  expect(world.told).toHaveLength(201)
  expect(world.told).toContain('before left a')
  expect(world.told.filter((told) => told.startsWith('s0 '))).toEqual([])
  expect((await kept.presence('a')).has('s0')).toBe(false)
})

test('a session that comes and goes before the store was asked leaves nothing behind', async () => {
  const { world, keeper, enter, pass } = createWorld()
  world.isAway = true
  for (let i = 0; i < 100; i++) enter(`s${i}`)
  await turns()
  for (let i = 0; i < 100; i++) keeper.leave('a', `s${i}`, world.nowMs)
  await pass(300)
  const before = world.asked
  await pass(60)
  expect(world.asked, 'a leave that nobody takes is given up').toBe(before)
})

test('what was closed neither asks nor tells', async () => {
  const { world, keeper, enter, pass } = createWorld()
  enter('s')
  keeper.close()
  await pass(60)
  expect(world.told).toEqual([])
  expect(world.asked).toBe(1)
})

test('an interval that is none is refused', () => {
  const store = new MemoryPresenceStore({}, { now: () => 0 })
  const teller = { joined: () => {}, left: () => {} }
  expect(() => new PresenceKeeper(store, teller, { keepaliveIntervalMs: 0.5 })).toThrow(/keepaliveIntervalMs/)
})
