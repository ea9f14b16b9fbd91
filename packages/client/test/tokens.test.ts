import { AuthenticationRefusal, type HubOptions } from '@wigwag/hub'
import { describe, expect, test } from 'vitest'
import { createMemoryBench, createUserBench, type MemoryBench } from './support/memory-bench.ts'

/** A hub whose channels ask for a token `CHANNEL:NUMBER`, which holds for ten seconds from when it is brought first. */
function tokenBench(options: Partial<HubOptions> = {}): MemoryBench & { readonly seen: string[] } {
  const seen: string[] = []
  const firstSeenMs = new Map<string, number>()
  const bench: MemoryBench = createMemoryBench({
    authenticate: {
      authenticate: async () => ({ user: 'ann' }),
      authenticateSubscription: async ({ token, channel }) => {
        seen.push(token)
        const { clock } = bench
        if (!token.startsWith(`${channel}:`)) return new AuthenticationRefusal('invalid', 'Not for this channel.')
        const sinceMs = firstSeenMs.get(token) ?? clock.nowMs()
        firstSeenMs.set(token, sinceMs)
        if (clock.nowMs() >= sinceMs + 10_000) return new AuthenticationRefusal('expired', 'Too old.')
        return { expiresAt: sinceMs + 10_000 }
      },
    },
    namespaces: { '': { subscribe: 'token' } },
    ...options,
  })
  return { ...bench, seen }
}

describe('tokens of a subscription', () => {
  test('are asked for, kept over connections, and renewed in time without a break', async () => {
    const { hub, clock, line, seen, client: create } = tokenBench()
    let given = 0
    const client = create()
    const states: string[] = []
    const heard: unknown[] = []
    const subscription = client.subscribe('a', { getToken: ({ channel }) => `${channel}:${++given}` })
    subscription.on('state', ({ phase }) => states.push(phase))
    subscription.on('publication', ({ data }) => heard.push(data))
    await subscription.ready()
    line.cut()
    line.mend()
    await clock.advance(1500)
    expect(seen).toEqual(['a:1', 'a:1'])
    states.length = 0
    for (let n = 1; n <= 5; n++) {
      await clock.advance(10_000)
      await hub.publish('a', n)
    }
    await clock.advance(0)
    expect(heard).toEqual([1, 2, 3, 4, 5])
    expect(states).toEqual([])
    expect(seen.slice(2)).toEqual(['a:2', 'a:3', 'a:4', 'a:5', 'a:6'])
  })

  test('one that is too old when it is brought is replaced at once', async () => {
    const { clock, line, client: create } = tokenBench()
    let given = 0
    const client = create()
    const subscription = client.subscribe('a', { getToken: () => `a:${++given}` })
    await subscription.ready()
    line.cut()
    await clock.advance(30_000)
    line.mend()
    await clock.wake()
    await clock.advance(20)
    expect(subscription.state.phase).toBe('subscribed')
    expect(given).toBe(2)
  })

  test('without one to be had, and with a bad one, the subscription is over and says why', async () => {
    const { client: create } = tokenBench()
    const client = create()
    const nobody = client.subscribe('a', { getToken: () => null })
    await expect(nobody.ready()).rejects.toMatchObject({ reason: { name: 'unauthorized' } })
    const wrong = client.subscribe('b', { token: 'a:1' })
    // A token that is no good ends the session.
    await expect(wrong.ready()).rejects.toMatchObject({ code: 'ERR_DISCONNECTED', reason: { name: 'invalidToken' } })
    await expect(wrong.ready()).rejects.toMatchObject({ code: 'ERR_DISCONNECTED' })
    expect(client.state.phase).toBe('disconnected')
  })

  test('a getToken that throws is asked again, in time to stay subscribed', async () => {
    const { clock, client: create } = tokenBench()
    let asked = 0
    const errors: unknown[] = []
    const subscription = create().subscribe('a', {
      getToken: () => {
        asked++
        if (asked === 1 || asked === 3) throw new Error('planned')
        return `a:${asked}`
      },
    })
    subscription.on('error', (error) => errors.push(error))
    await clock.advance(15_000)
    expect(subscription.state.phase).toBe('subscribed')
    expect(errors).toMatchObject([{ code: 'ERR_TOKEN', cause: { message: 'planned' } }, { code: 'ERR_TOKEN' }])
  })

  test('is waited for, whatever else falls due meanwhile', async () => {
    const { hub, clock, client: create } = tokenBench({ rpc: { slow: () => new Promise(() => {}) } })
    const client = create()
    await client.ready()
    let answer: (token: string) => void = () => {}
    const subscription = client.subscribe('a', { getToken: () => new Promise((resolve) => (answer = resolve)) })
    const call = client.rpc('slow', undefined, { timeoutMs: 1000 })
    call.catch(() => {})
    await clock.advance(2000)
    await expect(call).rejects.toMatchObject({ code: 'ERR_TIMEOUT' })
    answer('a:1')
    await clock.advance(20)
    expect(subscription.state.phase).toBe('subscribed')
    await hub.close()
  })

  test('an answer to an earlier question is passed over, and its question told so', async () => {
    const { clock, client: create } = tokenBench()
    const questions: { readonly signal: AbortSignal; readonly answer: (token: string) => void }[] = []
    const subscription = create().subscribe('a', {
      getToken: ({ signal }) => new Promise((answer) => questions.push({ signal, answer })),
    })
    await clock.advance(0)
    subscription.unsubscribe()
    subscription.subscribe()
    await clock.advance(0)
    expect(questions.map(({ signal }) => signal.aborted)).toEqual([true, false])
    questions[0]?.answer('a:old')
    questions[1]?.answer('a:new')
    await subscription.ready()
  })
})

test('what the server invalidates begins anew: with another token, and a gap', async () => {
  const { hub, clock, seen, client: create } = tokenBench()
  let given = 0
  const gaps: unknown[] = []
  const client = create()
  const subscription = client.subscribe('a', {
    getToken: () => `a:${++given}`,
    onGap: ({ reason }) => gaps.push(reason),
  })
  await subscription.ready()
  await hub.publish('a', 1)
  await hub.sessions.unsubscribe({ user: 'ann' }, 'a', { code: 2502, reason: 'state invalidated' })
  await clock.advance(1000)
  expect(subscription.state.phase).toBe('subscribed')
  expect([gaps, seen]).toEqual([['state-invalidated'], ['a:1', 'a:2']])
  await hub.sessions.disconnect({ user: 'ann' }, { code: 3014, reason: 'state invalidated' })
  await clock.advance(5000)
  expect([gaps, seen]).toEqual([
    ['state-invalidated', 'state-invalidated'],
    ['a:1', 'a:2', 'a:3'],
  ])
})

test('whoever comes back is asked anew who they are: sent away or gone by themselves, another may have logged in', async () => {
  const { hub, clock, client: create } = createUserBench()
  let user = 'ann'
  const client = create({ token: 'ann', getToken: () => user })
  expect(await client.rpc('whoAmI')).toBe('ann')
  client.disconnect()
  user = 'bob'
  client.connect()
  expect(await client.rpc('whoAmI')).toBe('bob')
  await hub.sessions.disconnect({ user: 'bob' }, { code: 3503, reason: 'bye' })
  await clock.advance(0)
  expect(client.state.phase).toBe('disconnected')
  user = 'eve'
  client.connect()
  expect(await client.rpc('whoAmI')).toBe('eve')
})

test('a subscription that was ended is subscribed as whoever is there then', async () => {
  const { seen, client: create } = tokenBench()
  let given = 0
  const subscription = create().subscribe('a', { getToken: () => `a:${++given}` })
  await subscription.ready()
  subscription.unsubscribe()
  subscription.subscribe()
  await subscription.ready()
  expect(seen).toEqual(['a:1', 'a:2'])
})
