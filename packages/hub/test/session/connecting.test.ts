import { AuthenticationRefusal, type HubOptions, refuse } from '@wigwag/hub'
import { describe, expect, test } from 'vitest'
import { createSessionBench, settled } from '../support/session-clients.ts'

const byToken: NonNullable<HubOptions['authenticate']> = ({ token, header }) => {
  if (token === 'old') return new AuthenticationRefusal('expired', 'too old')
  if (token === 'forged') return new AuthenticationRefusal('invalid', 'forged')
  if (token === 'banned') return refuse(4501, 'banned')
  if (token === 'unknown') return refuse(1001, 'who are you?')
  if (token === 'broken') throw new Error('the directory is away')
  return { user: token ?? header?.('cookie') ?? '' }
}

describe('connect', () => {
  test('without authentication everybody is anonymous', async () => {
    const { client, hub, nowMs } = createSessionBench()
    const ann = client()
    expect(await ann.connect()).toEqual({
      id: 1,
      connect: { client: ann.session.client, version: 'wigwag', ping: 25, pong: true, time: nowMs() },
    })
    expect(hub.sessions.get(ann.session.client)?.user).toBe('')
    expect(hub.sessions.stats).toMatchObject({ open: 1, connected: 1 })
  })

  test('the application says who it is by token, header and what else came', async () => {
    const { client, hub } = createSessionBench({ authenticate: byToken })
    await client({ header: (name) => (name === 'cookie' ? 'bob' : undefined) }).connect()
    await client().connect('ann')
    await client().connect('ann')
    expect(hub.sessions.ofUser('ann').length).toBe(2)
    expect(hub.sessions.ofUser('bob').length).toBe(1)
  })

  test('of headers that the client says itself only Authorization counts, and only where there is none', async () => {
    const seen: unknown[] = []
    const { client } = createSessionBench({
      authenticate: ({ header }) => {
        seen.push([header?.('authorization'), header?.('x-user')])
        return { user: '' }
      },
    })
    const headers = { Authorization: 'Bearer emulated', 'X-User': 'admin' }
    await client().ask({ connect: { headers } })
    await client({ header: (name) => (name === 'authorization' ? 'Bearer real' : undefined) }).ask({
      connect: { headers },
    })
    expect(seen).toEqual([
      ['Bearer emulated', undefined],
      ['Bearer real', undefined],
    ])
  })

  test.each([
    ['old', { code: 109, message: 'token expired' }, undefined],
    ['unknown', { code: 1001, message: 'who are you?' }, undefined],
    ['broken', { code: 100, message: 'internal server error', temporary: true }, undefined],
    ['forged', undefined, 3500],
    ['banned', undefined, 4501],
  ])('a token that is %s is answered with %j, and the session ends with %s', async (token, error, code) => {
    const { client, hub } = createSessionBench({ authenticate: byToken })
    const eve = client()
    expect((await eve.connect(token)).error).toEqual(error)
    expect(eve.closedWith?.code).toBe(code)
    expect(hub.sessions.stats.connected).toBe(0)
  })

  test('who was refused may try again, until 10 s are over', async () => {
    const { client, advance } = createSessionBench({ authenticate: byToken })
    const ann = client()
    await ann.connect('old')
    await advance(9000)
    expect((await ann.connect('ann')).connect?.client).toBe(ann.session.client)
    await advance(2000)
    expect(ann.closedWith).toBeUndefined()
  })

  test('credentials that are over already are error 110', async () => {
    const { client, nowMs } = createSessionBench({ authenticate: () => ({ user: 'ann', expiresAt: nowMs() }) })
    expect((await client().connect()).error?.code).toBe(110)
  })

  test('who says nothing is closed after 10 s with 3502', async () => {
    const { client, advance, hub } = createSessionBench()
    const silent = client()
    await advance(9000)
    expect(silent.closedWith).toBeUndefined()
    await advance(1000)
    expect(silent.closedWith?.code).toBe(3502)
    expect(hub.sessions.stats).toMatchObject({ open: 0, connected: 0 })
  })

  test('an authenticator that does not answer costs the session, which comes back: 3004', async () => {
    const { client, advance } = createSessionBench({ authenticate: () => new Promise(() => {}) })
    const waiting = client()
    await waiting.connect()
    await advance(10_000)
    expect(waiting.closedWith?.code).toBe(3004)
  })

  test('who leaves while it is asked who it is, is in no list later', async () => {
    let answer = (_credentials: { user: string }): void => {}
    const { client, hub } = createSessionBench({
      authenticate: () => new Promise((resolve) => (answer = resolve)),
    })
    const gone = client()
    await gone.connect()
    gone.session.closed()
    answer({ user: 'ann' })
    await settled()
    expect(hub.sessions.stats).toMatchObject({ open: 0, connected: 0 })
    expect(hub.sessions.ofUser('ann')).toEqual([])
  })

  test.each([
    ['a command before connect', { id: 1, rpc: { method: 'x' } }],
    ['a command that is refused before connect', { id: 1, dance: {} }],
    ['no JSON', 'hello'],
    ['no command', []],
    ['a command without an id', { rpc: { method: 'x' } }],
  ])('%s ends the session with 3501', (_what, packet) => {
    const { client } = createSessionBench()
    const rude = client()
    rude.write(packet)
    expect(rude.closedWith?.code).toBe(3501)
  })

  test('a second connect ends the session with 3501', async () => {
    const { client } = createSessionBench()
    const rude = client()
    await rude.connect()
    await rude.connect()
    expect(rude.closedWith?.code).toBe(3501)
  })

  test('commands behind connect, in one message, are answered behind it', async () => {
    const { client } = createSessionBench({ rpc: { echo: (data) => data } })
    const ann = client()
    ann.write(
      { id: 1, connect: {} },
      { id: 2, rpc: { method: 'echo', data: 7 } },
      { id: 3, subscribe: { channel: 'a' } },
    )
    await settled()
    expect(ann.packets.map(({ id }) => id)).toEqual([1, 2, 3])
    expect(ann.reply(2).rpc).toEqual({ data: 7 })
  })

  test('commands behind a connect that is refused are error 101', async () => {
    const { client } = createSessionBench({ authenticate: byToken })
    const eve = client()
    eve.write({ id: 1, connect: { token: 'old' } }, { id: 2, subscribe: { channel: 'a' } })
    await settled()
    expect(eve.reply(2).error?.code).toBe(101)
  })
})

describe('channels of the credentials', () => {
  test('come with the connect reply, and what is published behind it', async () => {
    const { client, hub } = createSessionBench({ authenticate: () => ({ user: 'ann', channels: ['inbox', 'news'] }) })
    await hub.publish('inbox', 1)
    const ann = client()
    const { connect } = await ann.connect()
    expect(connect?.subs).toEqual({
      inbox: { recoverable: true, positioned: true, epoch: 'epoch-1', offset: 1 },
      news: { recoverable: true, positioned: true, epoch: 'epoch-1', offset: 0 },
    })
    await hub.publish('inbox', 2)
    expect(ann.heard('inbox')).toEqual([2])
    expect(ann.session.channels).toEqual(['inbox', 'news'])
  })

  test('recover in the connect frame', async () => {
    const { client, hub } = createSessionBench({ authenticate: () => ({ user: 'ann', channels: ['inbox', 'news'] }) })
    for (const n of [1, 2, 3]) await hub.publish('inbox', n)
    const subs = {
      inbox: { recover: true, epoch: 'epoch-1', offset: 1 },
      news: { recover: true, epoch: 'gone', offset: 5 },
      others: { recover: true, epoch: 'epoch-1', offset: 0 },
    }
    const { connect } = await client().ask({ connect: { subs } })
    expect(Object.keys(connect?.subs ?? {})).toEqual(['inbox', 'news'])
    expect(connect?.subs?.['inbox']).toMatchObject({ recovered: true, was_recovering: true })
    expect(connect?.subs?.['inbox']?.publications?.map(({ data }) => data)).toEqual([2, 3])
    expect(connect?.subs?.['news']).toMatchObject({ recovered: false, was_recovering: true })
  })

  test('of a namespace that there is not are reported and left out', async () => {
    const { client, reports } = createSessionBench({
      authenticate: () => ({ user: 'ann', channels: ['a:1', 'b:1'] }),
      namespaces: { a: {} },
    })
    expect(Object.keys((await client().connect()).connect?.subs ?? {})).toEqual(['a:1'])
    expect(reports.length).toBe(1)
  })
})

describe('how many there may be', () => {
  test('of one user, but not of those who are anonymous: 3504', async () => {
    const { client } = createSessionBench({ authenticate: byToken, sessions: { maxSessionsPerUser: 1 } })
    const [first, second, anonymous, other] = [client(), client(), client(), client()]
    await first.connect('ann')
    await second.connect('ann')
    await anonymous.connect()
    await other.connect()
    expect([first, second, anonymous, other].map(({ closedWith }) => closedWith?.code)).toEqual([
      undefined,
      3504,
      undefined,
      undefined,
    ])
    first.session.closed()
    const third = client()
    await third.connect('ann')
    expect(third.closedWith).toBeUndefined()
  })

  test('in this process', async () => {
    const { client, hub } = createSessionBench({ sessions: { maxSessions: 1 } })
    client()
    expect(hub.sessions.isFull).toBe(true)
    expect(client().closedWith?.code).toBe(3504)
  })

  test('all end with 3001 when the hub closes', async () => {
    const { client, hub } = createSessionBench()
    const ann = client()
    await ann.connect()
    await hub.close()
    expect(ann.closedWith?.code).toBe(3001)
  })
})
