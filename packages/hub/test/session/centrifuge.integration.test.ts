import { refuse } from '@wigwag/hub'
import { FaultProxy } from '@wigwag/testkit'
import type { PublicationContext, ServerSubscribedContext, SubscribedContext } from 'centrifuge'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Arrivals } from '../support/arrivals.ts'
import { nextEvent, serveSessions } from '../support/served-sessions.ts'

describe("npm's centrifuge over a WebSocket", () => {
  test('connects, subscribes, publishes and hears what is published', async () => {
    const { hub, client } = await serveSessions({ namespaces: { '': { publish: 'subscriber' } } })
    const centrifuge = client()
    const subscription = centrifuge.newSubscription('lobby')
    const heard: unknown[] = []
    const arrivals = new Arrivals()
    subscription.on('publication', ({ data, offset, info }) => {
      heard.push({ data, offset, user: info?.user })
      arrivals.tell()
    })
    subscription.subscribe()
    centrifuge.connect()
    await subscription.ready()
    await subscription.publish({ from: 'client' })
    await hub.publish('lobby', { from: 'server' })
    await arrivals.until(() => heard.length === 2)
    expect(heard).toEqual([
      { data: { from: 'client' }, offset: 1, user: '' },
      { data: { from: 'server' }, offset: 2, user: undefined },
    ])
  })

  test('recovers what it missed while it was cut off', async () => {
    const { hub, port, client } = await serveSessions()
    const proxy = new FaultProxy(port)
    onTestFinished(() => proxy[Symbol.asyncDispose]())
    const centrifuge = client({}, await proxy.listen())
    const subscription = centrifuge.newSubscription('news')
    const heard: unknown[] = []
    const arrivals = new Arrivals()
    subscription.on('publication', ({ data }: PublicationContext) => {
      heard.push(data)
      arrivals.tell()
    })
    subscription.subscribe()
    centrifuge.connect()
    await subscription.ready()
    await hub.publish('news', 1)
    await arrivals.until(() => heard.length === 1)
    const subscribing = nextEvent(subscription, 'subscribing')
    proxy.cut()
    await subscribing
    await hub.publish('news', 2)
    await hub.publish('news', 3)
    const subscribed = nextEvent<SubscribedContext>(subscription, 'subscribed')
    proxy.mend()
    expect(await subscribed).toMatchObject({ wasRecovering: true, recovered: true, hasRecoveredPublications: true })
    await hub.publish('news', 4)
    await arrivals.until(() => heard.length === 4)
    expect(heard).toEqual([1, 2, 3, 4])
  })

  test('what it recovered and did not take, because a handler left, comes when it is back', async () => {
    const { hub, port, client } = await serveSessions({
      authenticate: () => ({ user: 'ann', channels: ['inbox'] }),
    })
    const proxy = new FaultProxy(port)
    onTestFinished(() => proxy[Symbol.asyncDispose]())
    const centrifuge = client({}, await proxy.listen())
    const subscription = centrifuge.newSubscription('news')
    const heard: unknown[] = []
    const arrivals = new Arrivals()
    const hear = ({ data }: PublicationContext): void => {
      heard.push(data)
      arrivals.tell()
    }
    subscription.on('publication', hear)
    centrifuge.on('publication', hear)
    let leaves = 0
    subscription.on('subscribed', ({ wasRecovering }: SubscribedContext) => {
      if (!wasRecovering || leaves++ > 0) return
      subscription.unsubscribe()
      subscription.subscribe()
    })
    let disconnects = 0
    centrifuge.on('subscribed', ({ wasRecovering }: ServerSubscribedContext) => {
      if (!wasRecovering || disconnects++ > 0) return
      centrifuge.disconnect()
      centrifuge.connect()
    })
    subscription.subscribe()
    centrifuge.connect()
    await subscription.ready()
    for (const channel of ['news', 'inbox']) await hub.publish(channel, `${channel} 1`)
    await arrivals.until(() => heard.length === 2)
    const subscribing = nextEvent(subscription, 'subscribing')
    proxy.cut()
    await subscribing
    for (const channel of ['news', 'inbox']) {
      for (const n of [2, 3]) await hub.publish(channel, `${channel} ${n}`)
    }
    proxy.mend()
    while (leaves < 2) await nextEvent(subscription, 'subscribed')
    for (const channel of ['news', 'inbox']) await hub.publish(channel, `${channel} 4`)
    await arrivals.until(() => heard.includes('news 4') && heard.includes('inbox 4'))
    for (const channel of ['news', 'inbox']) {
      const all = [1, 2, 3, 4].map((n) => `${channel} ${n}`)
      expect(heard.filter((data) => String(data).startsWith(channel))).toEqual(all)
    }
  })

  test('calls rpc, sends messages and is sent some', async () => {
    const sent: unknown[] = []
    const arrivals = new Arrivals()
    const { hub, client } = await serveSessions({
      rpc: {
        getQuote: async (data, { client: id }) => ({ quoted: data ?? null, hasId: id.length > 0 }),
        forbid: () => refuse(403, 'not for you'),
      },
      onMessage: (data, session) => {
        sent.push(data)
        session.send({ echoed: data })
        arrivals.tell()
      },
    })
    const centrifuge = client()
    const message = nextEvent<{ data: unknown }>(centrifuge, 'message')
    centrifuge.connect()
    await centrifuge.ready()
    expect((await centrifuge.rpc('getQuote', 'WGWG')).data).toEqual({ quoted: 'WGWG', hasId: true })
    await expect(centrifuge.rpc('forbid', {})).rejects.toMatchObject({ code: 403, message: 'not for you' })
    await expect(centrifuge.rpc('nowhere', {})).rejects.toMatchObject({ code: 104 })
    await centrifuge.send('hello')
    await arrivals.until(() => sent.length === 1)
    expect(sent).toEqual(['hello'])
    expect((await message).data).toEqual({ echoed: 'hello' })
    expect([...hub.sessions].map(({ transport }) => transport)).toEqual(['websocket'])
  })

  test('reads history, presence and presence stats, and hears who joins and leaves', async () => {
    const { hub, client } = await serveSessions({
      authenticate: ({ token }) => ({ user: token ?? '', info: { name: token ?? '' } }),
      namespaces: {
        chat: { presence: true, joinLeave: true, readPresence: 'subscriber', readHistory: 'subscriber' },
      },
    })
    const [first, second] = [client({ token: 'ann' }), client({ token: 'bob' })]
    const watching = first.newSubscription('chat:1', { joinLeave: true })
    watching.subscribe()
    first.connect()
    await watching.ready()
    for (const n of [1, 2, 3]) await hub.publish('chat:1', n)
    const joined = nextEvent<{ info: { user: string } }>(watching, 'join')
    const other = second.newSubscription('chat:1')
    other.subscribe()
    second.connect()
    await other.ready()
    expect((await joined).info.user).toBeTypeOf('string')
    const { clients } = await watching.presence()
    expect(Object.values(clients).map(({ user, connInfo }) => [user, connInfo])).toEqual([
      ['ann', { name: 'ann' }],
      ['bob', { name: 'bob' }],
    ])
    expect(await watching.presenceStats()).toEqual({ numClients: 2, numUsers: 2 })
    const history = await watching.history({ limit: 2, reverse: true })
    expect(history.publications.map(({ data }) => data)).toEqual([3, 2])
    expect(history.offset).toBe(3)
    const left = nextEvent<{ info: { user: string } }>(watching, 'leave')
    other.unsubscribe()
    expect((await left).info.user).toBe('bob')
  })

  test('is unsubscribed and disconnected by the server', async () => {
    const { hub, client } = await serveSessions({ authenticate: () => ({ user: 'ann', channels: ['inbox'] }) })
    const centrifuge = client()
    const subscribed = nextEvent<{ channel: string }>(centrifuge, 'subscribed')
    const subscription = centrifuge.newSubscription('news')
    subscription.subscribe()
    centrifuge.connect()
    await subscription.ready()
    expect((await subscribed).channel).toBe('inbox')
    const publication = nextEvent<PublicationContext>(centrifuge, 'publication')
    await hub.publish('inbox', 'for ann')
    expect(await publication).toMatchObject({ channel: 'inbox', data: 'for ann' })
    const unsubscribed = nextEvent(subscription, 'unsubscribed')
    await hub.sessions.unsubscribe({ user: 'ann' }, 'news')
    expect(await unsubscribed).toMatchObject({ code: 2000 })
    const disconnected = nextEvent(centrifuge, 'disconnected')
    await hub.sessions.disconnect({ user: 'ann' })
    expect(await disconnected).toMatchObject({ code: 3503 })
  })
})
