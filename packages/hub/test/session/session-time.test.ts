import { AuthenticationRefusal, type Authenticator, type SessionOptions } from '@wigwag/hub'
import { describe, expect, test } from 'vitest'
import { RemoteBroker, RemoteStore } from '../support/remote-broker.ts'
import { connectedClient, createSessionBench, settled } from '../support/session-clients.ts'

/** Tokens are `USER` or `USER@MS`, where MS is when they end. Subscription tokens are `CHANNEL` or `CHANNEL@MS`. */
function tokens(): Authenticator {
  const parse = (token: string): { name: string; expiresAt?: number } => {
    const [name = '', ends] = token.split('@')
    return ends === undefined ? { name } : { name, expiresAt: Number(ends) }
  }
  return {
    authenticate: async ({ token = '' }) => {
      if (token === 'old') return new AuthenticationRefusal('expired', 'old')
      const { name, ...ends } = parse(token)
      return { user: name, ...ends }
    },
    authenticateSubscription: async ({ token, channel }) => {
      const { name, ...ends } = parse(token)
      return name === channel ? { info: { by: 'token' }, ...ends } : new AuthenticationRefusal('wrong-channel', name)
    },
  }
}

/** When the clock of a bench begins. */
const START = 1_000_000

describe('pings', () => {
  test('every 25 s, spread in the first round, and a session that answers goes on', async () => {
    const bench = createSessionBench()
    const clients = await Promise.all(Array.from({ length: 10 }, () => connectedClient(bench)))
    const firsts = new Set<number>()
    for (let second = 1; second <= 120; second++) {
      await bench.advance(1000)
      for (const client of clients) {
        if (client.pings === 1 && client.bufferedAmount === 0) firsts.add(second)
        client.write({})
      }
    }
    expect(clients.every(({ pings, closedWith }) => pings >= 4 && pings <= 5 && closedWith === undefined)).toBe(true)
    expect(Math.min(...firsts)).toBeGreaterThanOrEqual(12)
  })

  test('one that is not answered within 8 s ends the session with 3012', async () => {
    const bench = createSessionBench()
    const silent = await connectedClient(bench)
    while (silent.pings === 0) await bench.advance(1000)
    await bench.advance(7000)
    expect(silent.closedWith).toBeUndefined()
    await bench.advance(1000)
    expect(silent.closedWith?.code).toBe(3012)
  })

  test('none are sent, nor announced, when they are off', async () => {
    const bench = createSessionBench({ sessions: { pingIntervalMs: 0 } })
    const client = bench.client()
    const { connect } = await client.connect()
    expect([connect?.ping, connect?.pong]).toEqual([undefined, undefined])
    await bench.advance(100_000)
    expect(client.pings).toBe(0)
    expect(client.closedWith).toBeUndefined()
  })
})

describe('credentials', () => {
  test('that end close the session with 3005, after a grace of 25 s', async () => {
    const bench = createSessionBench({ authenticate: tokens(), sessions: { pingIntervalMs: 0 } })
    const ann = bench.client()
    expect((await ann.connect(`ann@${START + 10_000}`)).connect).toMatchObject({ expires: true, ttl: 10 })
    await bench.advance(34_000)
    expect(ann.closedWith).toBeUndefined()
    await bench.advance(2000)
    expect(ann.closedWith?.code).toBe(3005)
  })

  test('are replaced by those of a newer token of the same user', async () => {
    const bench = createSessionBench({ authenticate: tokens(), sessions: { pingIntervalMs: 0 } })
    const ann = await connectedClient(bench, `ann@${START + 10_000}`)
    expect((await ann.ask({ refresh: { token: `ann@${START + 60_000}` } })).refresh).toEqual({
      client: ann.session.client,
      version: 'wigwag',
      expires: true,
      ttl: 60,
    })
    await bench.advance(60_000)
    expect(ann.closedWith).toBeUndefined()
    await bench.advance(26_000)
    expect(ann.closedWith?.code).toBe(3005)
  })

  test.each([
    ['another user', 'bob', 3500],
    // It comes back with a newer token; error 109 it would take for final.
    ['a time that is over', `ann@${START}`, 3005],
    ['a token that is old', 'old', 3005],
  ])('are not replaced by those of %s: the session ends', async (_what, token, close) => {
    const bench = createSessionBench({ authenticate: tokens() })
    const ann = await connectedClient(bench, 'ann')
    await ann.ask({ refresh: { token } })
    expect(ann.closedWith?.code).toBe(close)
  })

  test('nobody refreshes where nobody authenticates', async () => {
    const ann = await connectedClient(createSessionBench())
    expect((await ann.ask({ refresh: { token: 'x' } })).error?.code).toBe(108)
  })

  test('are asked for by the hub where the client has no token of its own', async () => {
    const asked: unknown[] = []
    const answers = [{ user: '', expiresAt: START + 40_000 }, { user: 'somebody else' }]
    const bench = createSessionBench({
      authenticate: {
        authenticate: async () => ({ user: '', expiresAt: START + 20_000, meta: 'm' }),
        refresh: async (question) => {
          asked.push(question)
          return answers.shift() ?? { user: '' }
        },
      },
      sessions: { pingIntervalMs: 0 },
    })
    const ann = bench.client()
    const { connect } = await ann.connect()
    expect(connect?.expires).toBeUndefined()
    await bench.advance(21_000)
    expect(asked).toEqual([{ client: ann.session.client, user: '', transport: 'memory', meta: 'm' }])
    expect(ann.closedWith).toBeUndefined()
    await bench.advance(20_000)
    expect(ann.closedWith?.code).toBe(3500)
  })

  test('for which the application cannot be asked end when the grace is over', async () => {
    const bench = createSessionBench({
      authenticate: {
        authenticate: async () => ({ user: '', expiresAt: START + 10_000 }),
        refresh: () => Promise.reject(new Error('away')),
      },
      sessions: { pingIntervalMs: 0 },
    })
    const ann = await connectedClient(bench)
    await bench.advance(34_000)
    expect(bench.reports.length).toBe(1)
    expect(ann.closedWith).toBeUndefined()
    await bench.advance(2000)
    expect(ann.closedWith?.code).toBe(3005)
  })

  test('are changed by the server, and the client is told', async () => {
    const bench = createSessionBench({ authenticate: tokens(), sessions: { pingIntervalMs: 0 } })
    const ann = await connectedClient(bench, `ann@${START + 5000}`)
    await bench.hub.sessions.refresh({ user: 'ann' }, START + 100_000)
    expect(ann.pushes).toEqual([{ refresh: { expires: true, ttl: 100 } }])
    await bench.advance(99_000)
    expect(ann.closedWith).toBeUndefined()
  })

  test('that are new have permissions asked again: who may not any more is unsubscribed', async () => {
    const allowed = new Set(['a', 'b'])
    const bench = createSessionBench({
      authenticate: tokens(),
      namespaces: { '': { subscribe: ({ channel }) => allowed.has(channel.name) } },
    })
    const ann = await connectedClient(bench, 'ann')
    for (const channel of ['a', 'b']) await ann.ask({ subscribe: { channel } })
    allowed.delete('a')
    await ann.ask({ refresh: { token: 'ann' } })
    await settled()
    expect(ann.pushes).toEqual([{ channel: 'a', unsubscribe: { code: 2000, reason: 'permission denied' } }])
    expect(ann.session.channels).toEqual(['b'])
  })
})

describe('a subscription', () => {
  test('by a token that ends is over after a grace of 25 s: 2501', async () => {
    const bench = createSessionBench({ authenticate: tokens(), sessions: { pingIntervalMs: 0 } })
    const ann = await connectedClient(bench, 'ann')
    const { subscribe } = await ann.ask({ subscribe: { channel: 'a', token: `a@${START + 10_000}` } })
    expect(subscribe).toMatchObject({ expires: true, ttl: 10 })
    await bench.advance(34_000)
    expect(ann.pushes).toEqual([])
    await bench.advance(2000)
    expect(ann.pushes).toEqual([{ channel: 'a', unsubscribe: { code: 2501, reason: 'subscription expired' } }])
    expect(ann.closedWith).toBeUndefined()
  })

  test('goes on with a newer token, but not with one for another channel', async () => {
    const bench = createSessionBench({ authenticate: tokens(), sessions: { pingIntervalMs: 0 } })
    const ann = await connectedClient(bench, 'ann')
    await ann.ask({ subscribe: { channel: 'a', token: `a@${START + 10_000}` } })
    expect((await ann.ask({ sub_refresh: { channel: 'a', token: `a@${START + 90_000}` } })).sub_refresh).toEqual({
      expires: true,
      ttl: 90,
    })
    await bench.advance(80_000)
    expect(ann.pushes).toEqual([])
    expect((await ann.ask({ sub_refresh: { channel: 'b', token: 'b' } })).error?.code).toBe(103)
    await ann.ask({ sub_refresh: { channel: 'a', token: 'b' } })
    expect(ann.closedWith?.code).toBe(3500)
  })

  test('that the application gave for some time is asked for again, and then it is over or goes on', async () => {
    const ends = [START + 10_000, START + 20_000]
    const bench = createSessionBench({
      namespaces: { '': { subscribe: () => (ends.length > 0 ? { expiresAt: ends.shift() as number } : false) } },
      sessions: { pingIntervalMs: 0 },
    })
    const ann = await connectedClient(bench)
    const { subscribe } = await ann.ask({ subscribe: { channel: 'a' } })
    expect(subscribe?.expires).toBeUndefined()
    await bench.advance(15_000)
    expect(ann.pushes).toEqual([])
    await bench.advance(6000)
    expect(ann.pushes).toEqual([{ channel: 'a', unsubscribe: { code: 2501, reason: 'subscription expired' } }])
  })

  test('that cannot recover within 3 s, because the broker is away, is error 100', async () => {
    const broker = new RemoteBroker(new RemoteStore())
    const bench = createSessionBench({ broker })
    const ann = await connectedClient(bench)
    broker.cut()
    ann.write({ id: 9, subscribe: { channel: 'a' } })
    await bench.advance(2000)
    expect(ann.reply(9)).toEqual({})
    await bench.advance(2000)
    expect(ann.reply(9).error).toMatchObject({ code: 100, temporary: true })
    expect(bench.hub.stats.subscriptions).toBe(0)
    expect(ann.closedWith).toBeUndefined()
  })
})

describe('a session', () => {
  test('that is as old as it may be is sent away with 3011, to come back', async () => {
    const bench = createSessionBench({ sessions: { maxLifetimeMs: 60_000, pingIntervalMs: 0 } })
    const ann = await connectedClient(bench)
    await bench.advance(53_000)
    expect(ann.closedWith).toBeUndefined()
    await bench.advance(8000)
    expect(ann.closedWith?.code).toBe(3011)
  })

  test('does not leave together with those that came with it', async () => {
    const bench = createSessionBench({ sessions: { maxLifetimeMs: 100_000, pingIntervalMs: 0 } })
    const clients = await Promise.all(Array.from({ length: 100 }, () => connectedClient(bench)))
    const left: number[] = []
    await bench.advance(89_000)
    for (let second = 0; second < 12; second++) {
      const before = clients.filter(({ closedWith }) => closedWith !== undefined).length
      await bench.advance(1000)
      left.push(clients.filter(({ closedWith }) => closedWith !== undefined).length - before)
    }
    expect(left.reduce((sum, count) => sum + count)).toBe(100)
    expect(Math.max(...left)).toBeLessThanOrEqual(12)
  })

  test('and what it did is told to the application', async () => {
    const heard: unknown[] = []
    const bench = createSessionBench({
      authenticate: tokens(),
      onConnect: ({ user }) => heard.push(['connected', user]),
      onDisconnect: ({ user }, { code }) => heard.push(['disconnected', user, code]),
      onSubscribe: (_session, { name }) => heard.push(['subscribed', name]),
      onUnsubscribe: (_session, { name }, { code }) => heard.push(['unsubscribed', name, code]),
    })
    const ann = await connectedClient(bench, 'ann')
    await ann.ask({ subscribe: { channel: 'a' } })
    await ann.ask({ unsubscribe: { channel: 'a' } })
    await ann.ask({ subscribe: { channel: 'b' } })
    ann.session.closed()
    await connectedClient(bench, 'old')
    expect(heard).toEqual([
      ['connected', 'ann'],
      ['subscribed', 'a'],
      ['unsubscribed', 'a', 0],
      ['subscribed', 'b'],
      ['disconnected', 'ann', 3000],
    ])
  })
})

test('a ping may not be waited for longer than until the next', () => {
  const create = (sessions: SessionOptions) => () => createSessionBench({ sessions })
  expect(create({ pingIntervalMs: 5000, pongTimeoutMs: 5001 })).toThrow(/sessions\.pongTimeoutMs must be at most/)
  expect(create({ pingIntervalMs: 5000, pongTimeoutMs: 5000 })).not.toThrow()
  expect(create({ pingIntervalMs: 0, pongTimeoutMs: 5000 })).not.toThrow()
  expect(create({ pingIntervalMs: 5000 })).not.toThrow()
})
