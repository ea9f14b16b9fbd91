import type { Json } from '@wigwag/protocol'
import { describe, expect, test } from 'vitest'
import { createMemoryBench } from './support/memory-bench.ts'

const authenticate = ({ token }: { readonly token?: string }) => ({ user: token ?? '' })

describe('subscribing', () => {
  test('connects when it is needed, and hands publications to the handler of their type', async () => {
    const { hub, clock, line, client: create } = createMemoryBench()
    const client = create()
    expect(client.state).toMatchObject({ phase: 'disconnected', reason: { name: 'initial' } })
    const heard: unknown[] = []
    const orders = client.subscribe('orders:42', {
      on: {
        shipped: (order, { offset }) => heard.push(['shipped', order, offset]),
        paid: (order) => heard.push(['paid', order]),
      },
    })
    const all: unknown[] = []
    orders.on('publication', ({ data, type }) => all.push([data, type]))
    await orders.ready()
    await hub.publish('orders:42', { id: 1 }, { tags: { type: 'shipped' } })
    await hub.publish('orders:42', { type: 'paid', id: 2 })
    await hub.publish('orders:42', 'neither')
    await clock.advance(0)
    expect(heard).toEqual([
      ['shipped', { id: 1 }, 1],
      ['paid', { type: 'paid', id: 2 }],
    ])
    expect(all).toEqual([
      [{ id: 1 }, 'shipped'],
      [{ type: 'paid', id: 2 }, 'paid'],
      ['neither', undefined],
    ])
    // Connect and subscribe went together.
    expect(line.sent).toBe(1)
    expect(orders.position).toEqual({ epoch: expect.any(String), offset: 3 })
  })

  test('recovers in one message what was missed while the line was cut, in order and once', async () => {
    const { hub, clock, line, client: create } = createMemoryBench()
    const client = create()
    const heard: Json[] = []
    const gaps: unknown[] = []
    const subscriptions = ['a', 'b', 'c'].map((channel) => {
      const subscription = client.subscribe(channel, { onGap: (gap) => gaps.push(gap) })
      subscription.on('publication', ({ data }) => heard.push(data))
      return subscription
    })
    await Promise.all(subscriptions.map((each) => each.ready()))
    await hub.publish('a', 'a1')
    await clock.advance(0)
    line.cut()
    await clock.advance(10)
    expect(client.state).toMatchObject({ phase: 'connecting', reason: { name: 'lost' } })
    expect(subscriptions.map(({ state }) => state.phase)).toEqual(['subscribing', 'subscribing', 'subscribing'])
    for (const data of ['a2', 'b1', 'a3']) await hub.publish(data.slice(0, 1), data)
    line.mend()
    const before = line.sent
    await clock.advance(1000)
    expect(line.sent).toBe(before + 1)
    await hub.publish('a', 'a4')
    await clock.advance(0)
    expect(heard.filter((each) => String(each).startsWith('a'))).toEqual(['a1', 'a2', 'a3', 'a4'])
    expect(heard).toContain('b1')
    expect(gaps).toEqual([])
  })

  test('what cannot be recovered is a gap', async () => {
    const {
      hub,
      clock,
      line,
      client: create,
    } = createMemoryBench({
      namespaces: { '': { history: { size: 2 } }, bare: { history: { size: 0 } } },
    })
    const client = create()
    const gaps: unknown[] = []
    for (const channel of ['a', 'bare:b']) {
      const subscription = client.subscribe(channel, { onGap: ({ reason }) => gaps.push([channel, reason]) })
      await subscription.ready()
    }
    await hub.publish('a', 0)
    line.cut()
    for (const n of [1, 2, 3]) await hub.publish('a', n)
    line.mend()
    await clock.advance(2000)
    expect(client.state.phase).toBe('connected')
    expect(gaps).toEqual([
      ['a', 'history-expired'],
      ['bare:b', 'no-history'],
    ])
  })

  test('a loop takes publications one after the other, and ends with its subscription', async () => {
    const { hub, clock, client: create } = createMemoryBench()
    const subscription = create().subscribe('a')
    const taken: Json[] = []
    const loop = (async () => {
      for await (const { data } of subscription) {
        taken.push(data)
        if (data === 2) break
      }
      for await (const { data } of subscription) taken.push(data)
    })()
    await subscription.ready()
    for (const n of [1, 2]) await hub.publish('a', n)
    await clock.advance(0)
    for (const n of [3, 4]) await hub.publish('a', n)
    await clock.advance(0)
    subscription.unsubscribe()
    await loop
    expect(taken).toEqual([1, 2, 3, 4])
    expect(subscription.state).toMatchObject({ phase: 'unsubscribed', reason: { name: 'unsubscribeCalled' } })
  })

  test('a loop that is too slow is told, behind all that it was kept', async () => {
    const { hub, clock, client: create } = createMemoryBench()
    const subscription = create({ maxBufferedPublications: 2 }).subscribe('a')
    const iterator = subscription[Symbol.asyncIterator]()
    await subscription.ready()
    for (const n of [1, 2, 3, 4]) await hub.publish('a', n)
    await clock.advance(0)
    expect((await iterator.next()).value.data).toBe(1)
    expect((await iterator.next()).value.data).toBe(2)
    await expect(iterator.next()).rejects.toMatchObject({ code: 'ERR_BUFFER_FULL' })
    expect(await iterator.next()).toEqual({ value: undefined, done: true })
  })

  test('what the hub refuses is said, with its code, to whoever waits and listens', async () => {
    const { clock, client: create } = createMemoryBench({ authenticate, namespaces: { '': { subscribe: 'user' } } })
    const subscription = create().subscribe('a')
    const ended: unknown[] = []
    subscription.on('unsubscribed', ({ reason }) => ended.push(reason))
    const iterator = subscription[Symbol.asyncIterator]()
    await expect(subscription.ready()).rejects.toMatchObject({ code: 'ERR_UNSUBSCRIBED', reason: { name: 'refused' } })
    expect(ended).toMatchObject([{ name: 'refused', code: 103 }])
    await expect(iterator.next()).rejects.toMatchObject({ code: 'ERR_UNSUBSCRIBED' })
    await clock.advance(60_000)
    expect(subscription.state.phase).toBe('unsubscribed')
  })

  test('a temporary refusal is tried again, later each time', async () => {
    const asked: number[] = []
    const { clock, client: create } = createMemoryBench({
      namespaces: {
        '': {
          subscribe: () => {
            asked.push(clock.nowMs())
            if (asked.length < 4) throw new Error('planned')
            return true
          },
        },
      },
    })
    const subscription = create().subscribe('a')
    await clock.advance(20_000)
    expect(subscription.state.phase).toBe('subscribed')
    const waits = asked.slice(1).map((at, i) => at - (asked[i] as number))
    expect(waits.length).toBe(3)
    for (const wait of waits) expect(wait).toBeGreaterThanOrEqual(500)
  })

  test('a hub that does not answer in time is left, with all that it was asked', async () => {
    let asked = 0
    const { clock, client: create } = createMemoryBench({
      namespaces: { '': { subscribe: () => (++asked < 2 ? new Promise(() => {}) : true) } },
    })
    const client = create()
    await client.ready()
    const subscription = client.subscribe('a')
    await clock.advance(4999)
    expect(client.state.phase).toBe('connected')
    await clock.advance(1)
    expect(client.state).toMatchObject({ phase: 'connecting', reason: { name: 'replyTimeout' } })
    await clock.advance(2000)
    expect(subscription.state.phase).toBe('subscribed')
  })

  test('a signal ends it, and listeners, for good', async () => {
    const { hub, clock, client: create } = createMemoryBench()
    const client = create()
    const [leaving, deaf] = [new AbortController(), new AbortController()]
    const heard: unknown[] = []
    const subscription = client.subscribe('a', { signal: leaving.signal })
    subscription.on('publication', ({ data }) => heard.push(data), { signal: deaf.signal })
    await subscription.ready()
    await hub.publish('a', 1)
    await clock.advance(0)
    deaf.abort()
    await hub.publish('a', 2)
    await clock.advance(0)
    leaving.abort()
    expect([heard, subscription.state.phase]).toEqual([[1], 'unsubscribed'])
    expect(client.subscribe('b', { signal: leaving.signal }).state.phase).toBe('unsubscribed')
    await expect(client.subscribe('c').ready({ signal: leaving.signal })).rejects.toMatchObject({ name: 'AbortError' })
  })

  test('one channel has one subscription at a time', async () => {
    const { client: create } = createMemoryBench()
    const client = create()
    const first = client.subscribe('a')
    expect(() => client.subscribe('a')).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
    first.unsubscribe()
    const second = client.subscribe('a')
    await second.ready()
    expect(() => first.subscribe()).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
    second.unsubscribe()
    first.subscribe()
    await first.ready()
  })
})

describe('commands', () => {
  const namespaces = {
    '': { publish: 'anyone', presence: true, readPresence: 'anyone', readHistory: 'anyone', joinLeave: true },
  } as const

  test('of a channel', async () => {
    const { clock, client: create } = createMemoryBench({ authenticate, namespaces })
    const [ann, bob] = [create({ token: 'ann' }), create({ token: 'bob' })]
    const chat = ann.subscribe('chat', { joinLeave: true })
    const moves: unknown[] = []
    chat.on('join', ({ user }) => moves.push(['join', user]))
    chat.on('leave', ({ user }) => moves.push(['leave', user]))
    await chat.ready()
    const other = bob.subscribe('chat')
    await other.ready()
    await other.publish({ text: 'hello' })
    expect([...(await chat.presence()).values()].map(({ user }) => user).sort()).toEqual(['ann', 'bob'])
    expect(await chat.presenceStats()).toEqual({ clients: 2, users: 2 })
    const history = await chat.history()
    expect(history).toMatchObject({ publications: [{ data: { text: 'hello' }, info: { user: 'bob' }, offset: 1 }] })
    expect(history.position).toEqual(chat.position)
    other.unsubscribe()
    await clock.advance(0)
    expect(moves).toEqual(
      expect.arrayContaining([
        ['join', 'bob'],
        ['leave', 'bob'],
      ]),
    )
  })

  test('calls, messages, and what a method refuses', async () => {
    const sent: unknown[] = []
    const { clock, client: create } = createMemoryBench({
      rpc: { double: (n) => (n as number) * 2, nothing: () => undefined },
      onMessage: (data, session) => {
        sent.push(data)
        session.send({ echo: data })
      },
    })
    const client = create()
    const messages: unknown[] = []
    client.on('message', (data) => messages.push(data))
    expect(await client.rpc('double', 21)).toBe(42)
    expect(await client.rpc('nothing')).toBeUndefined()
    await expect(client.rpc('absent')).rejects.toMatchObject({ code: 'ERR_REPLY', number: 104 })
    await client.send('hi')
    await clock.advance(0)
    expect([sent, messages]).toEqual([['hi'], [{ echo: 'hi' }]])
  })

  test('of a channel wait until it is subscribed, or will not be; others go ahead', async () => {
    let admit = (_may: boolean): void => {}
    const {
      hub,
      clock,
      client: create,
    } = createMemoryBench({
      namespaces: {
        '': {
          publish: 'subscriber',
          readHistory: 'anyone',
          subscribe: () =>
            new Promise((resolve) => {
              admit = resolve
            }),
        },
      },
      rpc: (method) => method,
    })
    const client = create()
    await client.ready()
    const order: string[] = []
    const told = (name: string) => () => order.push(name)
    const subscription = client.subscribe('a')
    const publishing = subscription.publish(1).then(told('published'))
    await client.rpc('first').then(told('called'))
    admit(true)
    await publishing
    expect(order).toEqual(['called', 'published'])
    expect((await hub.history('a', undefined, { limit: 9 })).publications.length).toBe(1)
    const refused = client.subscribe('b')
    const outcome = expect(refused.publish(1)).rejects.toMatchObject({ code: 'ERR_REPLY', number: 103 })
    await clock.advance(0)
    admit(false)
    await outcome
  })

  test('those of one turn go as one message', async () => {
    const { line, client: create } = createMemoryBench({ rpc: (method) => method })
    const client = create()
    await client.ready()
    const before = line.sent
    expect(await Promise.all(['a', 'b', 'c'].map((method) => client.rpc(method)))).toEqual(['a', 'b', 'c'])
    expect(line.sent).toBe(before + 1)
  })

  test('time out, are aborted, and are told when nobody knows what became of them', async () => {
    let asked = 0
    const {
      clock,
      line,
      client: create,
    } = createMemoryBench({
      rpc: () => {
        asked++
        return new Promise(() => {})
      },
    })
    const client = create()
    await client.ready()
    const outcomes = Promise.allSettled([
      client.rpc('slow', null, { timeoutMs: 100 }),
      client.rpc('slow', null, { signal: AbortSignal.abort(new Error('never')) }),
      client.rpc('slow'),
    ])
    await clock.advance(100)
    line.cut()
    await clock.advance(0)
    expect(await outcomes).toMatchObject([
      { reason: { code: 'ERR_TIMEOUT' } },
      { reason: { message: 'never' } },
      { reason: { code: 'ERR_NOT_ACKNOWLEDGED' } },
    ])
    expect(asked).toBe(2)
    const waiting = expect(client.rpc('slow')).rejects.toMatchObject({ code: 'ERR_TIMEOUT' })
    await clock.advance(5000)
    await waiting
  })

  test('wait for a connection, and fail where none is sought', async () => {
    const { clock, line, client: create } = createMemoryBench({ rpc: (method) => method })
    const client = create()
    line.cut()
    const answer = client.rpc('later')
    await clock.advance(100)
    line.mend()
    await clock.advance(2000)
    expect(await answer).toBe('later')
    client.disconnect()
    await expect(client.rpc('never')).rejects.toMatchObject({
      code: 'ERR_DISCONNECTED',
      reason: { name: 'disconnectCalled', retryable: false },
    })
    await expect(client.ready()).rejects.toMatchObject({ code: 'ERR_DISCONNECTED' })
    client.connect()
    expect(await client.rpc('again')).toBe('again')
  })
})

describe('tokens', () => {
  test('are asked for once, kept, and replaced when they are too old', async () => {
    let given = 0
    const seen: (string | undefined)[] = []
    const {
      clock,
      line,
      client: create,
    } = createMemoryBench({
      authenticate: ({ token }) => {
        seen.push(token)
        return { user: 'ann', expiresAt: clock.nowMs() + 10_000 }
      },
    })
    const client = create({ getToken: () => `token ${++given}` })
    await client.ready()
    line.cut()
    line.mend()
    await clock.advance(1000)
    expect(client.state.phase).toBe('connected')
    expect(seen).toEqual(['token 1', 'token 1'])
    await clock.advance(12_000)
    expect(seen).toEqual(['token 1', 'token 1', 'token 2'])
    await clock.advance(60_000)
    expect(client.state.phase).toBe('connected')
    expect(line.opened).toBe(2)
  })

  test('where there is none to be had the client stays away and says what to do', async () => {
    const { client: create } = createMemoryBench({ authenticate })
    const client = create({ getToken: async () => null })
    await expect(client.ready()).rejects.toMatchObject({ code: 'ERR_DISCONNECTED', reason: { name: 'unauthorized' } })
  })

  test('a getToken that throws is asked again, and its error told', async () => {
    const errors: unknown[] = []
    let asked = 0
    const { clock, client: create } = createMemoryBench({ authenticate })
    const client = create({
      getToken: () => {
        if (++asked < 3) throw new Error('planned')
        return 'ann'
      },
    })
    client.on('error', (error) => errors.push(error))
    client.connect()
    await clock.advance(10_000)
    expect(client.state.phase).toBe('connected')
    expect(errors).toMatchObject([{ code: 'ERR_TOKEN', cause: { message: 'planned' } }, { code: 'ERR_TOKEN' }])
  })
})

describe('liveness', () => {
  test("the hub's pings are answered, for hours", async () => {
    const { clock, line, client: create } = createMemoryBench()
    const client = create()
    await client.ready()
    await clock.advance(3_600_000)
    expect(client.state).toMatchObject({ phase: 'connected', isSuspect: false })
    expect(line.opened).toBe(1)
  })

  test('a line that falls silent is found out, by time and by waking up', async () => {
    const { clock, line, client: create } = createMemoryBench()
    const client = create()
    await client.ready()
    const states: unknown[] = []
    client.on('state', (state) => states.push(state.phase === 'connected' && state.isSuspect ? 'suspect' : state.phase))
    line.silence()
    line.mend()
    await clock.advance(40_000)
    expect(states).toEqual(['suspect', 'connecting', 'connected'])
    line.silence()
    line.mend()
    await clock.advance(2000)
    await clock.wake()
    expect(states.at(-1)).toBe('suspect')
    await clock.advance(3000)
    expect(states.slice(3)).toEqual(['suspect', 'connecting', 'connected'])
  })

  test('a device that slept with its connection whole keeps it', async () => {
    const { clock, line, client: create } = createMemoryBench()
    const client = create()
    await client.ready()
    await clock.sleep(36_000)
    await clock.wake()
    expect(client.state.phase).toBe('connected')
    expect(line.opened).toBe(1)
  })

  test('while no connection is to be had: waits that grow; and at once when the network is back', async () => {
    const { clock, line, client: create } = createMemoryBench()
    line.cut()
    create().connect()
    await clock.advance(120_000)
    expect(line.opened).toBeGreaterThan(6)
    expect(line.opened).toBeLessThan(40)
    line.mend()
    const before = line.opened
    await clock.wake()
    expect(line.opened).toBe(before + 1)
  })
})

describe('many commands', () => {
  test.each(['time', 'their signal'] as const)(
    'those that were ended by %s make room for those that wait',
    async (how) => {
      const { clock, client: create } = createMemoryBench({
        rpc: { never: () => new Promise(() => {}), echo: (data) => data },
      })
      const client = create()
      await client.ready()
      const endings = Array.from({ length: 128 }, () => new AbortController())
      const stuck = endings.map(({ signal }) => ({ signal, timeoutMs: how === 'time' ? 1000 : 60_000 }))
      const outcomes = Promise.allSettled(stuck.map((options) => client.rpc('never', null, options)))
      const echo = client.rpc('echo', 'heard', { timeoutMs: 20_000 })
      await clock.advance(1000)
      for (const each of endings) each.abort()
      expect(new Set((await outcomes).map(({ status }) => status))).toEqual(new Set(['rejected']))
      await clock.advance(20_000)
      expect(await echo).toBe('heard')
    },
  )
})

describe('the end', () => {
  test('what a handler ends while the connection is lost is not asked of the next', async () => {
    const { clock, line, client: create } = createMemoryBench()
    const client = create()
    const first = client.subscribe('a')
    const second = client.subscribe('b')
    await Promise.all([first.ready(), second.ready()])
    first.on('subscribing', () => second.unsubscribe())
    line.cut()
    line.mend()
    await clock.advance(2000)
    expect([client.state.phase, second.state.phase]).toEqual(['connected', 'unsubscribed'])
    await clock.advance(30_000)
    expect(line.opened).toBe(2)
  })

  test('a client that was told to stay away before it ever connected does so', async () => {
    const { clock, line, client: create } = createMemoryBench()
    const client = create()
    const ends: string[] = []
    client.on('disconnected', ({ reason }) => ends.push(reason.name))
    client.disconnect()
    client.disconnect()
    const subscription = client.subscribe('a')
    await expect(client.publish('a', 1)).rejects.toMatchObject({
      code: 'ERR_DISCONNECTED',
      reason: { name: 'disconnectCalled' },
    })
    await clock.advance(1000)
    expect(line.opened).toBe(0)
    expect(ends).toEqual(['disconnectCalled'])
    client.connect()
    await subscription.ready()
  })

  test.each([
    [
      { code: 3503, reason: 'bye' },
      { name: 'forceDisconnect', text: 'bye', retryable: false },
    ],
    [
      { code: 4500, reason: 'closed' },
      { name: 'applicationFinal', text: 'closed', retryable: false },
    ],
  ])('%o: it stays away', async (disconnect, reason) => {
    const { hub, clock, client: create } = createMemoryBench({ authenticate })
    // The first that it tells the cluster.
    await hub.sessions.disconnect({ user: 'bob' })
    const before = clock.timers
    const client = create({ token: 'ann' })
    await client.ready()
    await hub.sessions.disconnect({ user: 'ann' }, disconnect)
    await clock.advance(100_000)
    expect(client.state).toMatchObject({ phase: 'disconnected', reason })
    expect(clock.timers).toBe(before)
  })

  test('a drain brings it back exactly when it was told to', async () => {
    const { hub, clock, line, client: create } = createMemoryBench({ authenticate })
    const client = create({ token: 'ann' })
    await client.ready()
    await hub.sessions.disconnect({ user: 'ann' }, { code: 3001, reason: 'shutdown', delayMs: 7000 })
    await clock.advance(6999)
    await clock.wake()
    expect(line.opened).toBe(1)
    await clock.advance(1)
    expect(line.opened).toBe(2)
    expect(client.state.phase).toBe('connected')
  })

  test('a check that throws is a fault of the publication, and of nobody else', async () => {
    const { hub, clock, line, client: create } = createMemoryBench()
    const check = (): never => {
      throw new Error('planned')
    }
    const subscription = create({ check }).subscribe('a')
    const errors: unknown[] = []
    subscription.on('error', ({ message }) => errors.push(message))
    await subscription.ready()
    await hub.publish('a', 1)
    await clock.advance(0)
    expect(errors).toEqual([expect.stringContaining('planned')])
    expect(line.opened).toBe(1)
  })

  test('disposing leaves nothing behind', async () => {
    const { hub, clock, client: create } = createMemoryBench({ rpc: () => null })
    await create().subscribe('a').ready()
    const before = clock.timers
    {
      await using client = create()
      await client.rpc('nothing')
      await client.subscribe('a').ready()
      expect([...hub.sessions].length).toBe(2)
    }
    await clock.advance(0)
    expect([...hub.sessions].length).toBe(1)
    expect(clock.timers).toBe(before)
  })

  test('a handler that throws is reported, and disturbs nobody', async () => {
    const { hub, clock, client: create } = createMemoryBench()
    const subscription = create().subscribe('a')
    const heard: unknown[] = []
    subscription.on('publication', () => {
      throw new Error('planned')
    })
    subscription.on('publication', ({ data }) => heard.push(data))
    await subscription.ready()
    await hub.publish('a', 1)
    await clock.advance(0)
    expect(heard).toEqual([1])
    expect(clock.reports).toMatchObject([{ message: 'planned' }])
  })
})

describe('channels that the server decided on', () => {
  test('nothing is told of them to whoever has left when they hear that they are connected', async () => {
    const {
      hub,
      clock,
      client: create,
    } = createMemoryBench({
      authenticate: ({ token }) => ({ user: token ?? '', channels: ['inbox'] }),
    })
    let token = 'ann'
    const client = create({ getToken: () => token })
    const heard: unknown[] = []
    const of = client.on('connected', () => {
      client.disconnect()
      of()
    })
    client.on('subscribed', ({ channel }) => heard.push(channel))
    client.connect()
    await clock.advance(100)
    expect([client.state.phase, heard]).toEqual(['disconnected', []])
    token = 'bob'
    client.connect()
    await client.ready()
    await hub.publish('inbox', 1)
    await clock.advance(0)
    expect(heard).toEqual(['inbox'])
  })

  test('are told, and recovered in the connect command', async () => {
    const {
      hub,
      clock,
      line,
      client: create,
    } = createMemoryBench({
      authenticate: () => ({ user: 'ann', channels: ['inbox'] }),
    })
    const client = create()
    const heard: unknown[] = []
    client.on('subscribed', ({ channel }) => heard.push(channel))
    client.on('publication', ({ channel, data }) => heard.push([channel, data]))
    client.on('unsubscribed', ({ channel }) => heard.push(`not ${channel}`))
    await client.ready()
    await hub.publish('inbox', 1)
    await clock.advance(0)
    line.cut()
    await hub.publish('inbox', 2)
    line.mend()
    await clock.advance(1000)
    await hub.sessions.subscribe({ user: 'ann' }, 'news')
    await clock.advance(0)
    await hub.publish('news', 3)
    await hub.sessions.unsubscribe({ user: 'ann' }, 'news')
    await clock.advance(0)
    expect(heard).toEqual(['inbox', ['inbox', 1], 'inbox', ['inbox', 2], 'news', ['news', 3], 'not news'])
  })
})

describe('the offline queue', () => {
  const namespaces = { '': { publish: 'anyone' } } as const

  test('sends what was published meanwhile, and what had no answer, each stored once and in order', async () => {
    const { hub, clock, line, client: create } = createMemoryBench({ namespaces })
    const client = create({ offlineQueue: {} })
    await client.ready()
    const first = client.publish('a', 1)
    // It is on its way; its answer is not.
    await Promise.resolve()
    line.cut()
    const others = [2, 3].map((data) => client.publish('a', data))
    await clock.advance(100)
    line.mend()
    await clock.advance(2000)
    await Promise.all([first, ...others])
    const { publications } = await hub.history('a', undefined, { limit: 9 })
    expect(publications.map(({ data }) => data)).toEqual([1, 2, 3])
  })

  test('waits for the subscription that a permission asks for, with each connection anew', async () => {
    const { hub, clock, line, client: create } = createMemoryBench({ namespaces: { '': { publish: 'subscriber' } } })
    const subscription = create({ offlineQueue: {} }).subscribe('a')
    await subscription.ready()
    line.cut()
    const all = Promise.all([1, 2, 3].map((data) => subscription.publish(data)))
    await clock.advance(100)
    line.mend()
    await clock.advance(2000)
    await all
    const { publications } = await hub.history('a', undefined, { limit: 9 })
    expect(publications.map(({ data }) => data)).toEqual([1, 2, 3])
  })

  test('is bounded by count, bytes and age', async () => {
    const { clock, line, client: create } = createMemoryBench({ namespaces })
    line.cut()
    const client = create({ offlineQueue: { maxPublications: 3, maxBytes: 30, maxAgeMs: 1000 } })
    const outcomes = Promise.allSettled([
      client.publish('a', 'x'.repeat(40)),
      client.publish('a', 1),
      client.publish('a', 2),
      client.publish('a', 3),
      client.publish('a', 4),
    ])
    await clock.advance(1000)
    expect(await outcomes).toMatchObject([
      { reason: { code: 'ERR_QUEUE_FULL' } },
      { reason: { code: 'ERR_QUEUE_EXPIRED' } },
      { reason: { code: 'ERR_QUEUE_EXPIRED' } },
      { reason: { code: 'ERR_QUEUE_EXPIRED' } },
      { reason: { code: 'ERR_QUEUE_FULL' } },
    ])
    line.mend()
    await clock.advance(5000)
    await client.publish('a', 5)
  })
})
