import type { HubOptions } from '@wigwag/hub'
import { describe, expect, test } from 'vitest'
import { Arrivals } from '../support/arrivals.ts'
import { clientRealms } from '../support/client-realms.ts'

const byName: NonNullable<HubOptions['authenticate']> = ({ token = '' }) => ({ user: token })

describe.each(clientRealms())('what the server does to clients of centrifuge over $name', ({ serve }) => {
  test('it subscribes and unsubscribes them, whatever the permission', async () => {
    const { hub, user } = await serve({ authenticate: byName, namespaces: { staff: { subscribe: 'server' } } })
    const [ann, bob] = [await user({ token: 'ann' }), await user({ token: 'bob' })]
    await Promise.all([ann.connect(), bob.connect()])
    await hub.sessions.subscribe({ user: 'ann' }, 'staff:1')
    expect(await ann.heard('', 'subscribed')).toMatchObject([{ channel: 'staff:1', recoverable: true }])
    await hub.publish('staff:1', 'secret', { tags: { level: '3' } })
    expect(await ann.heard('', 'publication')).toMatchObject([
      { channel: 'staff:1', data: 'secret', offset: 1, tags: { level: '3' } },
    ])
    await hub.sessions.unsubscribe({ user: 'ann' }, 'staff:1')
    expect(await ann.heard('', 'unsubscribed')).toEqual([{ channel: 'staff:1' }])
    await bob.run(({ centrifuge }) => centrifuge.rpc('barrier', null).catch(() => {}))
    expect(await bob.heard('', 'publication', 0)).toEqual([])
  })

  test('it unsubscribes them from what they subscribed to: they stay away, or come back, as the code says', async () => {
    const { hub, user } = await serve({ authenticate: byName })
    const ann = await user({ token: 'ann' })
    await ann.connect()
    await ann.subscribe('news')
    await hub.sessions.unsubscribe({ user: 'ann' }, 'news', { code: 2502, reason: 'state invalidated' })
    await ann.heard('news', 'subscribed', 2)
    await hub.sessions.unsubscribe({ user: 'ann' }, 'news')
    expect(await ann.heard('news', 'unsubscribed')).toEqual([
      { channel: 'news', code: 2000, reason: 'server unsubscribe' },
    ])
    expect((await ann.heard('news', 'subscribing')).map(({ code }) => code)).toEqual([0, 2502])
  })

  test.each([
    [undefined, 'disconnected', { code: 3503, reason: 'force disconnect' }],
    [{ code: 4500, reason: 'you were banned' }, 'disconnected', { code: 4500, reason: 'you were banned' }],
    [{ code: 4000, reason: 'elsewhere is room' }, 'connecting', { code: 4000, reason: 'elsewhere is room' }],
    [{ code: 3011, reason: 'force reconnect' }, 'connecting', { code: 3011, reason: 'force reconnect' }],
  ])('it disconnects them with %j: they are %s', async (disconnect, event, context) => {
    const { hub, user } = await serve({ authenticate: byName })
    const ann = await user({ token: 'ann' })
    const { client } = await ann.connect()
    const before = (await ann.heard('', event, 0)).length
    await hub.sessions.disconnect({ client: client as string }, disconnect)
    expect((await ann.heard('', event, before + 1))[before]).toEqual(context)
    if (event === 'connecting') await ann.heard('', 'connected', 2)
    expect(hub.sessions.ofUser('ann').length).toBe(event === 'connecting' ? 1 : 0)
  })

  test('it sends them messages, and hears theirs', async () => {
    const heard: unknown[] = []
    const arrivals = new Arrivals()
    const { hub, user } = await serve({
      authenticate: byName,
      onMessage: (data, session) => {
        heard.push([session.user, data])
        arrivals.tell()
      },
    })
    const ann = await user({ token: 'ann' })
    const { client } = await ann.connect()
    for (const data of ['hello', { n: 1 }, null]) expect(hub.sessions.get(client as string)?.send(data)).toBe(true)
    expect((await ann.heard('', 'message', 3)).map(({ data }) => data)).toEqual(['hello', { n: 1 }, null])
    await ann.run(({ centrifuge }) => centrifuge.send({ typing: true }))
    await arrivals.until(() => heard.length === 1)
    expect(heard).toEqual([['ann', { typing: true }]])
  })

  test('it gives credentials an end, and clients renew them', async () => {
    const tokens: unknown[] = []
    const arrivals = new Arrivals()
    const { hub, user } = await serve({
      authenticate: ({ token = '' }) => {
        tokens.push(token)
        arrivals.tell()
        return { user: 'ann', expiresAt: Date.now() + 60_000 }
      },
      sessions: { expiryGraceMs: 0 },
    })
    const ann = await user({ token: 'first', tokens: ['second'] })
    await ann.connect()
    // Clients ignore that push: it is the server that ends the session, and with the next one they bring what they have.
    await hub.sessions.refresh({ user: 'ann' }, Date.now() + 100)
    expect((await ann.heard('', 'connecting', 2))[1]).toEqual({ code: 3005, reason: 'connection expired' })
    await arrivals.until(() => tokens.length === 2)
    await ann.heard('', 'connected', 2)
    expect(tokens).toEqual(['first', 'first'])
  })

  test('it closes: they come back to the next one', async () => {
    const { endpoint, user } = await serve()
    const ann = await user()
    await ann.connect()
    await endpoint.close()
    expect((await ann.heard('', 'connecting', 2))[1]).toEqual({ code: 3001, reason: 'shutdown' })
  })

  test('hooks are told of all of it', async () => {
    const told: string[] = []
    const arrivals = new Arrivals()
    const tell = (what: string): void => {
      told.push(what)
      arrivals.tell()
    }
    const { user } = await serve({
      authenticate: byName,
      onConnect: ({ user: who }) => tell(`${who} connected`),
      onSubscribe: ({ user: who }, { name }) => tell(`${who} in ${name}`),
      onUnsubscribe: ({ user: who }, { name }) => tell(`${who} out of ${name}`),
      onDisconnect: ({ user: who }, { code }) => tell(`${who} left: ${code}`),
    })
    const ann = await user({ token: 'ann' })
    await ann.connect()
    await ann.subscribe('a')
    await ann.subscribe('b')
    await ann.run(({ centrifuge }) => {
      centrifuge.getSubscription('a')?.unsubscribe()
      return centrifuge.rpc('barrier', null).catch(() => {})
    })
    await ann.run(({ centrifuge }) => centrifuge.disconnect())
    await arrivals.until(() => told.length === 5)
    expect(told).toEqual(['ann connected', 'ann in a', 'ann in b', 'ann out of a', 'ann left: 3000'])
  })
})
