import { type HubOptions, refuse } from '@wigwag/hub'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { clientRealms } from '../support/client-realms.ts'

const byName: NonNullable<HubOptions['authenticate']> = ({ token = '' }) => ({ user: token, info: { name: token } })

describe.each(clientRealms())('what clients of centrifuge ask for over $name', ({ serve }) => {
  test('publishing, where they may: everybody is told who it was', async () => {
    const { user } = await serve({
      authenticate: byName,
      namespaces: {
        chat: { publish: 'subscriber', subscribe: () => ({ info: { role: 'guest' } }) },
        wall: { publish: 'user' },
        news: {},
      },
      onPublish: ({ channel, data }) => {
        if (data === 'rude') return refuse(422, 'mind your words')
        return channel.namespace === 'wall' ? { data: { said: data } } : undefined
      },
    })
    const ann = await user({ token: 'ann' })
    await ann.connect()
    await ann.subscribe('chat:1')
    await ann.subscribe('wall:1')
    const failures = await ann.run(async ({ centrifuge, failure }) => {
      const said = centrifuge.getSubscription('chat:1')
      return [
        await failure(said?.publish({ text: 'hi' }) as Promise<unknown>),
        await failure(centrifuge.publish('wall:1', 'hi')),
        await failure(centrifuge.publish('chat:2', 'not there')),
        await failure(centrifuge.publish('news:1', 'not mine')),
        await failure(centrifuge.publish('chat:1', 'rude')),
        await failure(centrifuge.publish('nowhere:1', 'x')),
      ]
    })
    expect(failures.slice(0, 2)).toEqual(['fulfilled', 'fulfilled'])
    expect(failures.slice(2)).toMatchObject([
      { code: 103 },
      { code: 103 },
      { code: 422, message: 'mind your words' },
      { code: 102 },
    ])
    expect((await ann.heard('chat:1', 'publication'))[0]).toMatchObject({
      data: { text: 'hi' },
      offset: 1,
      info: { user: 'ann', connInfo: { name: 'ann' } },
    })
    expect((await ann.heard('wall:1', 'publication'))[0]?.data).toEqual({ said: 'hi' })
  })

  test('history: so many, from a position on, newest first', async () => {
    const { hub, user } = await serve({ namespaces: { '': { readHistory: 'subscriber' }, shut: {} } })
    for (const n of [1, 2, 3, 4]) await hub.publish('news', n, { tags: { n: String(n) } })
    const ann = await user()
    await ann.connect()
    await ann.subscribe('news')
    await ann.subscribe('shut:1')
    const [all, top, some, newest, older, refused, unreachable] = await ann.run(async ({ centrifuge, failure }) => {
      const news = centrifuge.getSubscription('news')
      if (news === null) throw new Error('no subscription')
      const read = async (options: Parameters<typeof news.history>[0]): Promise<unknown> => {
        const { publications, offset } = await news.history(options)
        return [publications.map(({ data }) => data), offset]
      }
      const { epoch } = await news.history({ limit: 0 })
      return [
        await read({ limit: -1 }),
        await read({ limit: 0 }),
        await read({ limit: 2, since: { offset: 1, epoch } }),
        await read({ limit: 2, reverse: true }),
        await read({ limit: 5, since: { offset: 3, epoch }, reverse: true }),
        await failure(centrifuge.history('shut:1', { limit: 1 })),
        await failure(news.history({ limit: 5, since: { offset: 3, epoch: 'another' } })),
      ]
    })
    expect(all).toEqual([[1, 2, 3, 4], 4])
    expect(top).toEqual([[], 4])
    expect(some).toEqual([[2, 3], 4])
    expect(newest).toEqual([[4, 3], 4])
    expect(older).toEqual([[2, 1], 4])
    expect(refused).toMatchObject({ code: 103 })
    expect(unreachable).toMatchObject({ code: 112 })
  })

  test('presence, how many there are, and who comes and goes', async () => {
    const { user } = await serve({
      authenticate: byName,
      namespaces: { chat: { presence: true, joinLeave: true, readPresence: 'subscriber' }, plain: {} },
    })
    const [ann, bob, second] = [
      await user({ token: 'ann' }),
      await user({ token: 'bob' }),
      await user({ token: 'bob' }),
    ]
    await Promise.all([ann.connect(), bob.connect(), second.connect()])
    await ann.subscribe('chat:1', { joinLeave: true })
    await ann.heard('chat:1', 'join')
    await bob.subscribe('chat:1')
    await second.subscribe('chat:1')
    const joined = await ann.heard('chat:1', 'join', 3)
    expect(joined.map(({ info }) => [info?.user, info?.connInfo])).toEqual([
      ['ann', { name: 'ann' }],
      ['bob', { name: 'bob' }],
      ['bob', { name: 'bob' }],
    ])
    const { clients, stats, denied, unavailable } = await ann.run(async ({ centrifuge, failure }) => ({
      clients: (await centrifuge.presence('chat:1')).clients,
      stats: await centrifuge.presenceStats('chat:1'),
      denied: await failure(centrifuge.presence('chat:2')),
      unavailable: await failure(centrifuge.presenceStats('plain:1')),
    }))
    expect(
      Object.values(clients)
        .map(({ user: who }) => who)
        .sort(),
    ).toEqual(['ann', 'bob', 'bob'])
    expect(stats).toEqual({ numClients: 3, numUsers: 2 })
    expect(denied).toMatchObject({ code: 103 })
    expect(unavailable).toMatchObject({ code: 108 })
    await bob.run(({ centrifuge }) => centrifuge.getSubscription('chat:1')?.unsubscribe())
    await ann.heard('chat:1', 'leave')
    await second.run(({ centrifuge }) => centrifuge.disconnect())
    expect((await ann.heard('chat:1', 'leave', 2)).map(({ info }) => info?.client)).toEqual(
      joined.slice(1).map(({ info }) => info?.client),
    )
    // Whoever did not ask is not told.
    expect(await bob.heard('chat:1', 'join', 0)).toEqual([])
  })

  test('calling: results, errors, and what there is not', async () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => report.mockRestore())
    const { user } = await serve({
      authenticate: byName,
      rpc: {
        whoAmI: (data, { user: who }) => ({ who, data: data ?? null }),
        nothing: () => undefined,
        forbid: () => refuse(403, 'not for you'),
        busy: () => refuse(529, 'later', { temporary: true }),
        fail: () => {
          throw new Error('a secret of the server')
        },
        banish: () => refuse(4500, 'never again'),
      },
    })
    const ann = await user({ token: 'ann' })
    await ann.connect()
    const answers = await ann.run(async ({ centrifuge, failure }) => [
      (await centrifuge.rpc('whoAmI', { n: 1 })).data,
      (await centrifuge.rpc('nothing', null)).data ?? 'nothing',
      await failure(centrifuge.rpc('forbid', null)),
      await failure(centrifuge.rpc('busy', null)),
      await failure(centrifuge.rpc('fail', null)),
      await failure(centrifuge.rpc('toString', null)),
    ])
    expect(answers).toMatchObject([
      { who: 'ann', data: { n: 1 } },
      'nothing',
      { code: 403, message: 'not for you' },
      { code: 529, message: 'later', temporary: true },
      { code: 100, message: 'internal server error', temporary: true },
      { code: 104, message: 'method not found' },
    ])
    // Those who run the server are told what clients are not.
    expect(report.mock.calls).toMatchObject([['Command rpc failed:', { message: 'a secret of the server' }]])
    await ann.run(({ centrifuge }) => void centrifuge.rpc('banish', null).catch(() => {}))
    expect(await ann.heard('', 'disconnected')).toEqual([{ code: 4500, reason: 'never again' }])
  })

  test('many commands in one message are answered in order', async () => {
    const { user } = await serve({ rpc: { echo: (data) => data } })
    const ann = await user()
    await ann.connect()
    const answers = await ann.run(async ({ centrifuge }) => {
      centrifuge.startBatching()
      const calls = [1, 2, 3].map((n) => centrifuge.rpc('echo', n).then(({ data }) => data))
      const subscriptions = ['a', 'b'].map((channel) => centrifuge.newSubscription(channel))
      for (const subscription of subscriptions) subscription.subscribe()
      centrifuge.stopBatching()
      await Promise.all(subscriptions.map((subscription) => subscription.ready()))
      return Promise.all(calls)
    })
    expect(answers).toEqual([1, 2, 3])
  })

  test('all kinds of JSON arrive as they were sent', async () => {
    const { hub, user } = await serve({ namespaces: { '': { publish: 'anyone' } } })
    const ann = await user()
    await ann.connect()
    await ann.subscribe('any')
    const values = [
      null,
      0,
      -1.5e-9,
      false,
      '',
      'é 🎺 \u2028 \n',
      [],
      [[null]],
      {},
      JSON.parse('{"__proto__":1,"":{"a":[1]}}'),
    ]
    await ann.run(async ({ centrifuge }, all: unknown[]) => {
      for (const value of all) await centrifuge.publish('any', value)
    }, values)
    expect((await ann.heard('any', 'publication', values.length)).map(({ data }) => JSON.stringify(data))).toEqual(
      values.map((value) => JSON.stringify(value)),
    )
    const bytes = new Uint8Array([1, 2, 3])
    await hub.publish('any', bytes)
    expect((await ann.heard('any', 'publication', values.length + 1)).at(-1)?.data).toBe('AQID')
  })
})
