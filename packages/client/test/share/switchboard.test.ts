import { webSocket } from '@wigwag/client'
import { AuthenticationRefusal, type HubOptions } from '@wigwag/hub'
import { describe, expect, test } from 'vitest'
import { createMemoryBench, type MemoryBench } from '../support/memory-bench.ts'
import { createSwitchboard, openTab, type Tab } from '../support/tabs.ts'

const HISTORY: Partial<HubOptions> = { namespaces: { '': { history: { size: 300 }, publish: 'subscriber' } } }

/** All that a tab is told in a channel. */
function listen({ client }: Tab, channel: string): unknown[] {
  const told: unknown[] = []
  const subscription = client.subscribe(channel, { onGap: ({ reason }) => told.push(reason) })
  subscription.on('publication', ({ data }) => told.push(data))
  return told
}

/** The hub's channels, and how many sessions each has. */
async function subscribers({ hub }: MemoryBench): Promise<unknown[]> {
  const { items } = await hub.channels()
  return [...items]
}

/** The phases of a tab's connection, with the reasons of those that have one. */
function states({ client }: Tab): string[] {
  const seen: string[] = []
  client.on('state', (state) => seen.push('reason' in state ? `${state.phase} ${state.reason.name}` : state.phase))
  return seen
}

test('tabs are one session and one subscriber, each is answered alone, and the last that leaves ends it', async () => {
  const bench = createMemoryBench({ ...HISTORY, rpc: { echo: (data) => data } })
  const { hub, clock } = bench
  const board = createSwitchboard(bench)
  const tabs = [openTab(bench, board), openTab(bench, board), openTab(bench, board)] as const
  const told = tabs.map((tab) => listen(tab, 'a'))
  await clock.advance(0)
  const answers = tabs.flatMap(({ client }, n) => [client.rpc('echo', n), client.rpc('echo', `${n} again`)])
  expect(await Promise.all(answers)).toEqual([0, '0 again', 1, '1 again', 2, '2 again'])
  await tabs[1].client.publish('a', 'hello')
  await clock.advance(0)
  expect(told).toEqual([['hello'], ['hello'], ['hello']])
  expect(hub.sessions.stats).toMatchObject({ open: 1 })
  expect(bench.line.opened).toBe(1)
  for (const { client } of tabs) expect(client.state).toMatchObject({ transport: 'shared/memory' })
  tabs[0].client.disconnect()
  tabs[1].die()
  await clock.advance(0)
  expect(hub.sessions.stats).toMatchObject({ open: 1 })
  expect(await subscribers(bench)).toEqual([['a', 1]])
  tabs[2].client.disconnect()
  await clock.advance(0)
  expect(hub.sessions.stats).toMatchObject({ open: 0 })
})

test('a channel is left when the last tab leaves it, also while the hub is still being asked', async () => {
  const bench = createMemoryBench(HISTORY)
  const { clock } = bench
  const board = createSwitchboard(bench)
  const [one, two] = [openTab(bench, board), openTab(bench, board)]
  await Promise.all([one.client.ready(), two.client.ready()])
  const ofOne = one.client.subscribe('a')
  const ofTwo = two.client.subscribe('a')
  await clock.advance(0)
  ofOne.unsubscribe()
  await clock.advance(0)
  expect(ofTwo.state.phase).toBe('subscribed')
  expect(await subscribers(bench)).toEqual([['a', 1]])
  ofTwo.unsubscribe()
  await clock.advance(0)
  expect(await subscribers(bench)).toEqual([])
  ofOne.subscribe()
  ofOne.unsubscribe()
  await clock.advance(0)
  expect(await subscribers(bench)).toEqual([])
})

test('a tab that comes with an older place is given what it has missed, and the others hear nothing twice', async () => {
  for (const limits of [{}, { maxRecentPublications: 1 }]) {
    const bench = createMemoryBench(HISTORY)
    const { hub, clock } = bench
    const board = createSwitchboard(bench, limits)
    const [stays, leaves] = [openTab(bench, board), openTab(bench, board)]
    const told = [listen(stays, 'a'), listen(leaves, 'a')]
    await clock.advance(0)
    await hub.publish('a', 1)
    await clock.advance(0)
    leaves.client.disconnect()
    for (let n = 2; n <= 9; n++) await hub.publish('a', n)
    await clock.advance(0)
    leaves.client.connect()
    await clock.advance(0)
    await hub.publish('a', 10)
    await clock.advance(0)
    const all = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    expect(told).toEqual([all, all])
    expect(hub.sessions.stats).toMatchObject({ open: 1 })
  }
})

test('a tab that sleeps holds up nobody, is cut off when it has too much to read, and recovers when it wakes', async () => {
  const bench = createMemoryBench(HISTORY)
  const { hub, clock } = bench
  const board = createSwitchboard(bench, { maxUnreadBytes: 2000 })
  const [awake, asleep] = [openTab(bench, board), openTab(bench, board)]
  const told = [listen(awake, 'a'), listen(asleep, 'a')]
  const seen = states(asleep)
  await clock.advance(0)
  asleep.sleep()
  const all = Array.from({ length: 100 }, (_, n) => n)
  for (const n of all) {
    await hub.publish('a', n)
    await clock.advance(0)
  }
  expect(told[0]).toEqual(all)
  expect(board.tabs).toBe(1)
  asleep.wake()
  await clock.advance(2000)
  expect(told[1]).toEqual(all)
  expect(seen.slice(1)).toEqual(['connecting slow', 'connected'])
  expect(hub.sessions.stats).toMatchObject({ open: 1 })
})

test('a tab that wakes up late does not take the connection of the others for dead', async () => {
  const bench = createMemoryBench(HISTORY)
  const { clock } = bench
  const board = createSwitchboard(bench)
  const [awake, asleep] = [openTab(bench, board), openTab(bench, board)]
  const seen = states(awake)
  await clock.advance(0)
  await Promise.all([awake.client.ready(), asleep.client.ready()])
  const ofAsleep = asleep.client.subscribe('a')
  // It is answered while it cannot hear.
  await Promise.resolve()
  await Promise.resolve()
  asleep.sleep()
  await clock.advance(60_000)
  asleep.wake()
  await clock.advance(5000)
  expect(ofAsleep.state.phase).toBe('subscribed')
  expect(seen).toEqual(['connecting connectCalled', 'connected'])
})

test('all are told by the same reason why it ended; a silent line is left by all, though only one says so', async () => {
  const bench = createMemoryBench(HISTORY)
  const { hub, clock, line } = bench
  const board = createSwitchboard(bench)
  const tabs = [openTab(bench, board), openTab(bench, board)]
  const seen = tabs.map(states)
  await Promise.all(tabs.map(({ client }) => client.ready()))
  await hub.sessions.disconnect({ user: '' }, { code: 4001, reason: 'moved', delayMs: 100 })
  await clock.advance(200)
  line.silence()
  line.mend()
  await clock.advance(60_000)
  for (const each of seen) {
    expect(each.slice(2)).toEqual([
      'connecting application',
      'connected',
      'connected',
      'connecting noPing',
      'connected',
    ])
  }
  expect(line.opened).toBe(3)
  await hub.sessions.disconnect({ user: '' }, { code: 4501, reason: 'banned' })
  await clock.advance(100)
  for (const { client } of tabs) {
    expect(client.state).toMatchObject({ phase: 'disconnected', reason: { name: 'applicationFinal', code: 4501 } })
  }
})

test('a tab that dies while a silent network is asked with its words holds up nobody for longer than an attempt may take', async () => {
  const bench = createMemoryBench(HISTORY)
  const { clock, line } = bench
  const board = createSwitchboard(bench)
  const [dies, stays] = [openTab(bench, board), openTab(bench, board, { connectTimeoutMs: 60_000 })]
  line.silence()
  dies.client.connect()
  await clock.advance(0)
  stays.client.connect()
  await clock.advance(0)
  dies.die()
  line.mend()
  await clock.advance(15_000)
  expect(stays.client.state.phase).toBe('connected')
  expect(line.opened).toBe(2)
})

describe('tokens', () => {
  const expiring = (seen: string[]): Partial<HubOptions> => ({
    authenticate: {
      authenticate: async ({ token }) => {
        seen.push(token ?? '')
        if (token === undefined || token.startsWith('bad'))
          return new AuthenticationRefusal('invalid', 'No such token.')
        return { user: 'ann', expiresAt: bench.clock.nowMs() + 10_000 }
      },
    },
  })
  let bench: ReturnType<typeof createMemoryBench>

  test('of a connection are asked of one tab, and of another when that one is gone or asleep', async () => {
    const seen: string[] = []
    bench = createMemoryBench(expiring(seen))
    const { clock } = bench
    const board = createSwitchboard(bench)
    const tabs = ['a', 'b', 'c'].map((name) => {
      let given = 0
      return openTab(bench, board, { getToken: () => `${name}${++given}` })
    })
    const [first, second, third] = tabs as [Tab, Tab, Tab]
    await Promise.all(tabs.map(({ client }) => client.ready()))
    await clock.advance(25_000)
    expect(seen).toEqual(['a1', 'a2', 'a3'])
    first.die()
    await clock.advance(10_000)
    expect(seen).toEqual(['a1', 'a2', 'a3', 'b2'])
    second.sleep()
    await clock.advance(16_000)
    expect(seen).toEqual(['a1', 'a2', 'a3', 'b2', 'c2'])
    expect(third.client.state.phase).toBe('connected')
    expect(bench.hub.sessions.stats).toMatchObject({ open: 1 })
  })

  test('a tab whose token is no good is told, and the others are let in by theirs', async () => {
    bench = createMemoryBench(expiring([]))
    const board = createSwitchboard(bench)
    const [bad, good, worse] = [
      openTab(bench, board, { token: 'bad' }),
      openTab(bench, board, { token: 'good' }),
      openTab(bench, board, { token: 'bad too' }),
    ]
    for (const { client } of [bad, good, worse]) client.connect()
    await bench.clock.advance(100)
    expect(bad.client.state).toMatchObject({ phase: 'disconnected', reason: { name: 'invalidToken' } })
    expect([good.client.state.phase, worse.client.state.phase]).toEqual(['connected', 'connected'])
  })
})

test('channels that the server puts the session into reach every tab, those that come later and those that come back', async () => {
  const bench = createMemoryBench({ ...HISTORY, authenticate: () => ({ user: 'ann', channels: ['inbox'] }) })
  const { hub, clock } = bench
  const board = createSwitchboard(bench)
  const open = (): { readonly tab: Tab; readonly told: unknown[] } => {
    const tab = openTab(bench, board)
    const told: unknown[] = []
    tab.client.on('publication', ({ channel, data }) => told.push(`${channel} ${data}`))
    tab.client.on('gap', ({ channel, reason }) => told.push(`${channel} ${reason}`))
    tab.client.on('unsubscribed', ({ channel }) => told.push(`${channel} left`))
    tab.client.connect()
    return { tab, told }
  }
  const first = open()
  await clock.advance(0)
  await hub.publish('inbox', 1)
  const second = open()
  await clock.advance(0)
  await hub.publish('inbox', 2)
  await clock.advance(0)
  second.tab.client.disconnect()
  await hub.publish('inbox', 3)
  await clock.advance(0)
  second.tab.client.connect()
  await clock.advance(0)
  await hub.sessions.unsubscribe({ user: 'ann' }, 'inbox')
  await clock.advance(0)
  expect(first.told).toEqual(['inbox 1', 'inbox 2', 'inbox 3', 'inbox left'])
  expect(second.told).toEqual(['inbox 2', 'inbox 3', 'inbox left'])
})

test('who comes and goes is told to the tabs that asked, and to them when they ask later', async () => {
  const bench = createMemoryBench({
    namespaces: { '': { history: { size: 10 }, presence: true, joinLeave: true, readPresence: 'subscriber' } },
  })
  const { hub, clock } = bench
  const board = createSwitchboard(bench)
  const [plain, curious] = [openTab(bench, board), openTab(bench, board)]
  const moves: string[] = []
  const told = listen(plain, 'a')
  plain.client.on('error', (error) => moves.push(error.message))
  await clock.advance(0)
  const subscription = curious.client.subscribe('a', { joinLeave: true })
  subscription.on('join', () => moves.push('join'))
  subscription.on('leave', () => moves.push('leave'))
  await clock.advance(0)
  moves.length = 0
  const other = bench.client()
  await other.subscribe('a').ready()
  await hub.publish('a', 1)
  await clock.advance(0)
  await other[Symbol.asyncDispose]()
  await clock.advance(0)
  expect(moves).toEqual(['join', 'leave'])
  expect(told).toEqual([1])
  expect((await subscription.presence()).size).toBe(1)
})

test('the transports of all are gone about as those of one client', async () => {
  const bench = createMemoryBench(HISTORY)
  const blocked = { ...webSocket(), open: createRefusal }
  const board = createSwitchboard(bench, {}, [blocked, bench.line])
  const tabs = [openTab(bench, board), openTab(bench, board)]
  for (const { client } of tabs) client.connect()
  await bench.clock.advance(3000)
  expect(tabs.map(({ client }) => client.state.phase)).toEqual(['connected', 'connected'])
  expect(bench.line.opened).toBe(1)
})

/** A network that lets no WebSocket through. */
function createRefusal(_url: URL, sink: Parameters<ReturnType<typeof webSocket>['open']>[1]) {
  class Refused {
    onopen = null
    onmessage = null
    onclose: ((event: never) => void) | null = null
    onerror = null
    constructor() {
      queueMicrotask(() => this.onclose?.({ code: 1006, reason: '' } as never))
    }
    send(): void {}
    close(): void {}
  }
  return webSocket({ WebSocket: Refused }).open(new URL('http://hub.test/'), sink)
}
