import { type HubOptions, refuse } from '@wigwag/hub'
import { describe, expect, test } from 'vitest'
import { connectedClient, createSessionBench, settled } from '../support/session-clients.ts'

const authenticate: NonNullable<HubOptions['authenticate']> = ({ token }) => ({
  user: token ?? '',
  info: { name: token ?? '' },
})

describe('publish', () => {
  const allowing = (
    publish: NonNullable<NonNullable<HubOptions['namespaces']>[string]['publish']>,
  ): Partial<HubOptions> => ({
    authenticate,
    namespaces: { '': { subscribe: 'anyone', publish } },
  })

  test('is refused unless the namespace says otherwise', async () => {
    const bench = createSessionBench({ authenticate })
    const ann = await connectedClient(bench, 'ann')
    await ann.ask({ subscribe: { channel: 'a' } })
    expect((await ann.ask({ publish: { channel: 'a', data: 1 } })).error?.code).toBe(103)
    expect(bench.hub.stats.published).toBe(0)
  })

  test('by a subscriber, who is named', async () => {
    const bench = createSessionBench(allowing('subscriber'))
    const ann = await connectedClient(bench, 'ann')
    expect((await ann.ask({ publish: { channel: 'a', data: 1 } })).error?.code).toBe(103)
    await ann.ask({ subscribe: { channel: 'a' } })
    expect((await ann.ask({ publish: { channel: 'a', data: { n: 1 } } })).publish).toEqual({})
    const info = { client: ann.session.client, user: 'ann', conn_info: { name: 'ann' } }
    expect(ann.pushes).toEqual([{ channel: 'a', pub: { data: { n: 1 }, offset: 1, info } }])
  })

  test.each([
    ['anyone', '', undefined],
    ['anyone', 'ann', undefined],
    ['user', '', 103],
    ['user', 'ann', undefined],
    ['server', 'ann', 103],
  ] as const)("where '%s' may, '%s' is answered with %s", async (publish, user, code) => {
    const bench = createSessionBench(allowing(publish))
    const ann = await connectedClient(bench, user)
    expect((await ann.ask({ publish: { channel: 'a', data: 1 } })).error?.code).toBe(code)
  })

  test('a key stores it once for each user, whatever others and the server publish with it', async () => {
    const bench = createSessionBench(allowing('anyone'))
    const [ann, again, bob] = [
      await connectedClient(bench, 'ann'),
      await connectedClient(bench, 'ann'),
      await connectedClient(bench, 'bob'),
    ]
    const once = { publish: { channel: 'a', data: 1, idempotency_key: 'k' } }
    for (const client of [ann, again, bob, ann]) expect((await client.ask(once)).publish).toEqual({})
    await bench.hub.publish('a', 2, { idempotencyKey: 'k' })
    const { publications } = await bench.hub.history('a', undefined, { limit: 9 })
    expect(publications.map(({ data, info }) => [data, info?.user])).toEqual([
      [1, 'ann'],
      [1, 'bob'],
      [2, undefined],
    ])
    const long = { publish: { channel: 'a', data: 1, idempotency_key: 'k'.repeat(250) } }
    expect((await ann.ask(long)).error).toMatchObject({
      code: 107,
      message: expect.stringContaining('idempotency_key'),
    })
  })

  test('a key that a publish function gives comes before that of the client', async () => {
    const bench = createSessionBench(allowing(() => ({ idempotencyKey: 'of the application' })))
    const ann = await connectedClient(bench, 'ann')
    for (const key of ['k', 'l']) {
      await ann.ask({ publish: { channel: 'a', data: key, idempotency_key: key } })
    }
    const { publications } = await bench.hub.history('a', undefined, { limit: 9 })
    expect(publications.map(({ data }) => data)).toEqual(['k'])
  })

  test('a channel for others cannot be published to', async () => {
    const ann = await connectedClient(createSessionBench(allowing('anyone')), 'ann')
    expect((await ann.ask({ publish: { channel: 'a#bob', data: 1 } })).error?.code).toBe(103)
  })

  test('the hook replaces the data, or refuses it', async () => {
    const bench = createSessionBench({
      ...allowing('anyone'),
      onPublish: ({ data, channel, session }) => {
        if (data === 'rude') return refuse(451, 'not here')
        return { data: { said: data, by: session.user, in: channel.rest } }
      },
    })
    const ann = await connectedClient(bench, 'ann')
    await ann.ask({ subscribe: { channel: 'a' } })
    expect((await ann.ask({ publish: { channel: 'a', data: 'rude' } })).error).toEqual({
      code: 451,
      message: 'not here',
    })
    await ann.ask({ publish: { channel: 'a', data: 'hi' } })
    expect(ann.heard('a')).toEqual([{ said: 'hi', by: 'ann', in: 'a' }])
  })

  test('keeps the order of commands, however long each is decided on', async () => {
    const deciding: (() => void)[] = []
    const bench = createSessionBench(
      allowing(({ data }) => new Promise((done) => deciding.push(() => done(data !== 2)))),
    )
    const ann = await connectedClient(bench, 'ann')
    await ann.ask({ subscribe: { channel: 'a' } })
    for (const data of [1, 2, 3]) ann.write({ id: 10 + data, publish: { channel: 'a', data } })
    for (let i = 0; i < 3; i++) {
      await settled()
      deciding.shift()?.()
    }
    await settled()
    expect(ann.heard('a')).toEqual([1, 3])
    expect([11, 12, 13].map((id) => ann.reply(id).error?.code)).toEqual([undefined, 103, undefined])
  })

  test('too large a publication is error 107', async () => {
    const bench = createSessionBench({ ...allowing('anyone'), maxPublicationBytes: 10 })
    const ann = await connectedClient(bench, 'ann')
    expect((await ann.ask({ publish: { channel: 'a', data: 'x'.repeat(20) } })).error?.code).toBe(107)
  })

  test('more commands without an answer than may be are error 111', async () => {
    const bench = createSessionBench({
      ...allowing(() => new Promise(() => {})),
      sessions: { maxUnansweredCommands: 2 },
    })
    const ann = await connectedClient(bench, 'ann')
    const ask = (id: number): void => ann.write({ id, publish: { channel: 'a', data: 1 } })
    for (const id of [11, 12, 13]) ask(id)
    await settled()
    expect(ann.reply(12)).toEqual({})
    expect(ann.reply(13).error).toMatchObject({ code: 111, temporary: true })
  })
})

describe('presence', () => {
  const bench = (readPresence: 'anyone' | 'server' = 'anyone'): ReturnType<typeof createSessionBench> =>
    createSessionBench({
      authenticate,
      namespaces: { '': {}, room: { presence: true, joinLeave: true, readPresence } },
    })

  test('is who is in a channel, and how many', async () => {
    const rooms = bench()
    const [ann, again, bob] = [
      await connectedClient(rooms, 'ann'),
      await connectedClient(rooms, 'ann'),
      await connectedClient(rooms, 'bob'),
    ]
    for (const each of [ann, again]) await each.ask({ subscribe: { channel: 'room:1' } })
    expect((await bob.ask({ presence: { channel: 'room:1' } })).presence?.presence).toEqual({
      [ann.session.client]: { client: ann.session.client, user: 'ann', conn_info: { name: 'ann' } },
      [again.session.client]: { client: again.session.client, user: 'ann', conn_info: { name: 'ann' } },
    })
    expect((await bob.ask({ presence_stats: { channel: 'room:1' } })).presence_stats).toEqual({
      num_clients: 2,
      num_users: 1,
    })
    again.session.closed()
    await settled()
    expect((await bob.ask({ presence_stats: { channel: 'room:1' } })).presence_stats).toEqual({
      num_clients: 1,
      num_users: 1,
    })
  })

  test.each(['presence', 'presence_stats'] as const)(
    '%s is refused where it is not allowed, or not kept',
    async (method) => {
      const ann = await connectedClient(bench('server'), 'ann')
      const ask = async (channel: string): Promise<unknown> =>
        (await ann.ask({ [method]: { channel } } as never)).error?.code
      expect(await ask('room:1')).toBe(103)
      expect(await ask('lobby')).toBe(108)
      expect(await ask('nowhere:1')).toBe(102)
    },
  )

  test('who comes and goes is told to those who asked for it', async () => {
    const rooms = bench()
    const [ann, bob, eve] = [
      await connectedClient(rooms, 'ann'),
      await connectedClient(rooms, 'bob'),
      await connectedClient(rooms, 'eve'),
    ]
    await ann.ask({ subscribe: { channel: 'room:1', join_leave: true } })
    await eve.ask({ subscribe: { channel: 'room:1' } })
    await bob.ask({ subscribe: { channel: 'room:1' } })
    await bob.ask({ unsubscribe: { channel: 'room:1' } })
    const bobs = { info: { client: bob.session.client, user: 'bob', conn_info: { name: 'bob' } } }
    expect(ann.pushes.slice(-2)).toEqual([
      { channel: 'room:1', join: bobs },
      { channel: 'room:1', leave: bobs },
    ])
    expect(eve.pushes).toEqual([])
  })

  test('without presence who comes and goes is told as well', async () => {
    const rooms = createSessionBench({ namespaces: { '': { joinLeave: true } } })
    const [ann, bob] = [await connectedClient(rooms), await connectedClient(rooms)]
    await ann.ask({ subscribe: { channel: 'a', join_leave: true } })
    await bob.ask({ subscribe: { channel: 'a' } })
    bob.session.closed()
    await settled()
    const bobs = { info: { client: bob.session.client, user: '' } }
    expect(ann.pushes.slice(-2)).toEqual([
      { channel: 'a', join: bobs },
      { channel: 'a', leave: bobs },
    ])
  })
})

describe('history', () => {
  async function reading(request: object, published = 4): Promise<unknown> {
    const bench = createSessionBench({
      namespaces: { '': { readHistory: 'anyone' } },
      sessions: { maxRecoveredPublications: 3 },
    })
    for (let n = 1; n <= published; n++) await bench.hub.publish('a', n)
    const ann = await connectedClient(bench)
    const { history, error } = await ann.ask({ history: { channel: 'a', ...request } })
    return error?.code ?? { offset: history?.offset, data: history?.publications?.map(({ data }) => data) }
  }

  test.each([
    ['only where the stream stands', {}, undefined],
    ['the same', { limit: 0 }, undefined],
    ['the oldest', { limit: 2 }, [1, 2]],
    ['as many as may be', { limit: -1 }, [1, 2, 3]],
    ['no more than may be', { limit: 100 }, [1, 2, 3]],
    ['the newest first', { limit: 2, reverse: true }, [4, 3]],
    ['what comes behind a position', { limit: -1, since: { offset: 2, epoch: 'epoch-1' } }, [3, 4]],
    ['the same of the stream as it is', { limit: -1, since: { offset: 2, epoch: '' } }, [3, 4]],
    ['what comes before one', { limit: 2, reverse: true, since: { offset: 3, epoch: 'epoch-1' } }, [2, 1]],
  ])('%s: %j', async (_what, request, data) => {
    expect(await reading(request)).toEqual({ offset: 4, data })
  })

  test.each([
    ['another epoch', { limit: -1, since: { offset: 2, epoch: 'epoch-0' } }],
    ['what is no epoch', { limit: -1, since: { offset: 2, epoch: 'a b' } }],
  ])('behind %s is error 112', async (_what, request) => {
    expect(await reading(request)).toBe(112)
  })

  test('is refused where it is not allowed, or not kept', async () => {
    const bench = createSessionBench({
      namespaces: { '': {}, none: { history: { size: 0 }, readHistory: 'anyone' } },
    })
    const ann = await connectedClient(bench)
    expect((await ann.ask({ history: { channel: 'a' } })).error?.code).toBe(103)
    expect((await ann.ask({ history: { channel: 'none:a' } })).error?.code).toBe(108)
  })
})

describe('rpc, send and ping', () => {
  test('calls a function by its name', async () => {
    const bench = createSessionBench({
      authenticate,
      rpc: {
        add: (data, { user }) => ({ user, sum: (data as number[]).reduce((sum, n) => sum + n) }),
        nothing: async () => undefined,
        refused: () => refuse(404, 'none here'),
        broken: () => Promise.reject(new Error('broken')),
      },
    })
    const ann = await connectedClient(bench, 'ann')
    const call = async (method: string): Promise<unknown> => {
      const { rpc, error } = await ann.ask({ rpc: { method, data: [1, 2] } })
      return rpc ?? error
    }
    expect(await call('add')).toEqual({ data: { user: 'ann', sum: 3 } })
    expect(await call('nothing')).toEqual({})
    expect(await call('refused')).toEqual({ code: 404, message: 'none here' })
    expect(await call('broken')).toEqual({ code: 100, message: 'internal server error', temporary: true })
    expect(bench.reports.length).toBe(1)
    for (const method of ['subtract', 'toString', '__proto__', ''])
      expect(await call(method)).toMatchObject({ code: 104 })
  })

  test('calls one function for every name; without any it is error 108', async () => {
    const bench = createSessionBench({ rpc: (method, data) => ({ method, data }) })
    const ann = await connectedClient(bench)
    expect((await ann.ask({ rpc: { method: 'any', data: 1 } })).rpc).toEqual({ data: { method: 'any', data: 1 } })
    const nobody = await connectedClient(createSessionBench())
    expect((await nobody.ask({ rpc: { method: 'any' } })).error?.code).toBe(108)
  })

  test('a message for no channel has no reply, and a hook that throws costs nobody a session', async () => {
    const bench = createSessionBench({
      onMessage: (data, session) => {
        session.send({ heard: data })
        throw new Error('later')
      },
    })
    const ann = await connectedClient(bench)
    ann.write({ send: { data: 'hi' } })
    expect(ann.packets.slice(1)).toEqual([{ push: { message: { data: { heard: 'hi' } } } }])
    expect(bench.reports.length).toBe(1)
    expect(ann.closedWith).toBeUndefined()
  })

  test('a command that there is not is error 104, one that is not whole error 107', async () => {
    const ann = await connectedClient(createSessionBench())
    expect((await ann.ask({ ping: {} })).ping).toEqual({})
    ann.write({ id: 7, dance: {} }, { id: 8, subscribe: {} })
    expect(ann.reply(7).error?.code).toBe(104)
    expect(ann.reply(8).error?.code).toBe(107)
  })
})
