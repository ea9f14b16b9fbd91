import { AuthenticationRefusal, type HubOptions, refuse } from '@wigwag/hub'
import { jwt } from '@wigwag/hub/jwt'
import { describe, expect, test } from 'vitest'
import { clientRealms } from '../support/client-realms.ts'
import type { StrictClient } from '../support/strict-client.ts'
import { SECRET, signToken } from '../support/tokens.ts'

const byName: NonNullable<HubOptions['authenticate']> = ({ token = '' }) => ({ user: token, info: { name: token } })

describe.each(clientRealms())('subscribing with centrifuge over $name', ({ serve }) => {
  test('with a token for the channel, or the one that getToken gets when the first is too old', async () => {
    const { hub, user } = await serve({
      authenticate: jwt({ secret: SECRET }),
      namespaces: { room: { subscribe: 'token', presence: true } },
    })
    const tokenFor = (channel: string, exp = 60): Promise<string> =>
      signToken({ sub: 'ann', channel, exp: Math.floor(Date.now() / 1000) + exp, info: { role: 'owner' } })
    const ann = await user({ token: await signToken({ sub: 'ann' }) })
    await ann.connect()
    await ann.subscribe('room:1', { token: await tokenFor('room:1') })
    await ann.subscribe('room:2', { tokens: [await tokenFor('room:2')] })
    await ann.subscribe('room:3', { token: await tokenFor('room:3', -60), tokens: [await tokenFor('room:3')] })
    expect(await ann.heard('room:3', 'error')).toMatchObject([{ type: 'subscribe', error: { code: 109 } }])
    const [session] = hub.sessions.ofUser('ann')
    expect(session?.channels).toEqual(['room:1', 'room:2', 'room:3'])
    await ann.run(({ open }) => void open('room:4', {}))
    expect(await ann.heard('room:4', 'unsubscribed')).toEqual([
      { channel: 'room:4', code: 103, reason: 'permission denied' },
    ])
    await ann.run(({ open }, token: string) => void open('room:5', { token }), await tokenFor('room:1'))
    expect(await ann.heard('', 'disconnected')).toEqual([{ code: 3500, reason: 'invalid token' }])
  })

  test.each([
    ['is in no namespace', 'nowhere:1', 102, 'unknown channel'],
    ['is for another user', 'news#bob', 103, 'permission denied'],
    ['the application does not let it into', 'orders:1', 103, 'permission denied'],
    ['the application refuses in its own words', 'orders:2', 402, 'pay first'],
    ['the client is in already, because the server put it there', 'inbox', 105, 'already subscribed'],
  ])('a channel that %s ends the subscription: %s is %i', async (_what, channel, code, reason) => {
    const { user } = await serve({
      authenticate: (question) => ({ ...byName(question), user: 'ann', channels: ['inbox'] }),
      namespaces: {
        '': {},
        orders: { subscribe: ({ channel: { rest } }) => (rest === '2' ? refuse(402, 'pay first') : false) },
      },
    })
    const ann = await user()
    await ann.connect()
    const failure = await ann.run(({ open, failure }, name: string) => failure(open(name).ready()), channel)
    expect(failure).toMatchObject({ code: 7 })
    expect(await ann.heard(channel, 'unsubscribed')).toEqual([{ channel, code, reason }])
  })

  test('who is asked again later, is asked by the client itself', async () => {
    const answers = [refuse(500, 'busy', { temporary: true }), false]
    const { user } = await serve({ namespaces: { '': { subscribe: () => answers.shift() ?? true } } })
    const ann = await user()
    await ann.connect()
    await ann.run(({ open }) => void open('a'))
    await ann.heard('a', 'unsubscribed')
    expect(await ann.heard('a', 'error')).toMatchObject([{ type: 'subscribe', error: { code: 500, message: 'busy' } }])
  })

  test('a channel with a user boundary is for those users; who is anonymous may where that is said', async () => {
    const { user } = await serve({ authenticate: byName, namespaces: { '': {}, open: { subscribe: 'anyone' } } })
    const [ann, anonymous] = [await user({ token: 'ann' }), await user()]
    await Promise.all([ann.connect(), anonymous.connect()])
    await ann.subscribe('talk#bob,ann')
    await anonymous.subscribe('open:hall')
    await anonymous.run(({ open }) => void open('hall'))
    expect(await anonymous.heard('hall', 'unsubscribed')).toMatchObject([{ code: 103 }])
  })

  test('data goes both ways with it', async () => {
    const { user } = await serve({
      namespaces: { '': { subscribe: ({ data }) => ({ data: { got: data ?? null }, info: { seat: 4 } }) } },
    })
    const ann = await user()
    await ann.connect()
    expect((await ann.subscribe('hall', { data: { seat: 4 } })).data).toEqual({ got: { seat: 4 } })
  })

  test('who unsubscribes is told nothing, and when it subscribes again what it missed', async () => {
    const { hub, user } = await serve()
    const ann = await user()
    await ann.connect()
    await ann.subscribe('news')
    await ann.run(({ centrifuge }) => centrifuge.getSubscription('news')?.unsubscribe())
    expect(await ann.heard('news', 'unsubscribed')).toEqual([
      { channel: 'news', code: 0, reason: 'unsubscribe called' },
    ])
    const answered = ({ centrifuge }: StrictClient): unknown => centrifuge.rpc('barrier', null).catch(() => {})
    await ann.run(answered)
    await hub.publish('news', 1)
    await ann.run(answered)
    expect(await ann.heard('news', 'publication', 0)).toEqual([])
    await ann.run(({ centrifuge }) => {
      const subscription = centrifuge.getSubscription('news')
      subscription?.subscribe()
      return subscription?.ready()
    })
    await hub.publish('news', 2)
    expect((await ann.heard('news', 'publication', 2)).map(({ data }) => data)).toEqual([1, 2])
  })
})

describe.each(clientRealms())('subscription tokens that end, with centrifuge over $name', ({ serve }) => {
  const passing: HubOptions['authenticate'] = {
    authenticate: async () => ({ user: 'ann' }),
    authenticateSubscription: async ({ token }) => {
      if (token === 'forged') return new AuthenticationRefusal('invalid', 'forged')
      if (token === 'expired') return new AuthenticationRefusal('expired', 'too old')
      return token === 'good' ? {} : { expiresAt: Date.now() + 900 }
    },
  }
  const options: Partial<HubOptions> = { authenticate: passing, namespaces: { '': { subscribe: 'token' } } }

  test('are renewed while the subscription goes on', async () => {
    const { hub, user } = await serve({ ...options, sessions: { expiryGraceMs: 1000 } })
    const ann = await user()
    await ann.connect()
    await ann.subscribe('a', { token: 'passing', tokens: ['good'] })
    // Its end would be told before the end of one that is asked for later, and lasts as long.
    await ann.subscribe('b', { token: 'passing', tokens: 'never' })
    await ann.heard('b', 'subscribing', 2)
    expect((await ann.heard('a', 'subscribed')).length).toBe(1)
    await hub.publish('a', 1)
    expect(await ann.heard('a', 'publication')).toMatchObject([{ data: 1 }])
  })

  test('end it when the next one is forged: the session is over', async () => {
    const { user } = await serve(options)
    const ann = await user()
    await ann.connect()
    await ann.subscribe('a', { token: 'passing', tokens: ['forged'] })
    expect(await ann.heard('', 'disconnected')).toEqual([{ code: 3500, reason: 'invalid token' }])
  })

  test('make the client subscribe again when the next one is too old already', async () => {
    const { user } = await serve(options)
    const ann = await user()
    await ann.connect()
    await ann.subscribe('a', { token: 'passing', tokens: ['expired', 'good'] })
    await ann.heard('a', 'subscribed', 2)
    expect((await ann.heard('a', 'subscribing', 2))[1]).toMatchObject({ code: 2501, reason: 'subscription expired' })
  })

  test('make it subscribe again when no next one comes in time', async () => {
    const { user } = await serve({ ...options, sessions: { expiryGraceMs: 0 } })
    const ann = await user()
    await ann.connect()
    await ann.subscribe('a', { token: 'passing', tokens: 'never' })
    expect((await ann.heard('a', 'subscribing', 2))[1]).toMatchObject({ code: 2501, reason: 'subscription expired' })
  })
})
