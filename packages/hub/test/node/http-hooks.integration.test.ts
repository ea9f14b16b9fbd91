import { createSecretKey } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { jwt } from '@wigwag/hub/jwt'
import type { HookError, HookName, HttpHooksOptions } from '@wigwag/hub/node'
import type {
  Centrifuge,
  ConnectedContext,
  DisconnectedContext,
  SubscribedContext,
  Subscription,
  UnsubscribedContext,
} from 'centrifuge'
import { describe, expect, test } from 'vitest'
import type { Answering } from '../support/back-end.ts'
import { serveHooks } from '../support/served-hooks.ts'
import { nextEvent, serveSessions } from '../support/served-sessions.ts'
import { signToken } from '../support/tokens.ts'

const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds

/** How a subscription begins: with what it is told, or with the error. */
function subscribing(centrifuge: Centrifuge, channel: string, data?: unknown): Promise<SubscribedContext | object> {
  const subscription = centrifuge.newSubscription(channel, data === undefined ? {} : { data })
  const outcome = Promise.race<SubscribedContext | object>([
    nextEvent<SubscribedContext>(subscription, 'subscribed'),
    nextEvent<{ error: object }>(subscription, 'error').then(({ error }) => error),
    nextEvent<UnsubscribedContext>(subscription, 'unsubscribed'),
    nextEvent<DisconnectedContext>(centrifuge, 'disconnected'),
  ])
  subscription.subscribe()
  return outcome
}

const subscribed = async (subscription: Subscription): Promise<Subscription> => {
  subscription.subscribe()
  await subscription.ready()
  return subscription
}

describe('connect', () => {
  test('asks with what the client said, and makes it who the back end says', async () => {
    const { hub, backEnd, connecting } = await serveHooks(
      {
        connect: () => ({
          result: {
            user: '42',
            info: { name: 'Ada' },
            data: { hello: 1 },
            meta: { team: 7 },
            channels: ['lobby'],
            subs: { news: { info: { role: 'reader' } }, lobby: {} },
          },
        }),
      },
      {},
      { presence: true },
    )
    const centrifuge = connecting({ data: { page: '/' }, name: 'shop', version: '3' })
    const { client, data } = await nextEvent<ConnectedContext>(centrifuge, 'connected')
    expect(data).toEqual({ hello: 1 })
    expect(backEnd.calls[0]?.path).toBe('/connect')
    expect(backEnd.calls[0]?.json).toEqual({
      event: 'connect',
      client,
      transport: 'websocket',
      protocol: 'json',
      encoding: 'json',
      data: { page: '/' },
      name: 'shop',
      version: '3',
    })
    const session = hub.sessions.get(client)
    expect(session).toMatchObject({ user: '42', info: { name: 'Ada' }, meta: { team: 7 } })
    expect([...(session?.channels ?? [])].sort()).toEqual(['lobby', 'news'])
  })

  test('passes on the headers that are named, the address, and a token', async () => {
    const { backEnd, connecting } = await serveHooks({}, { forwardHeaders: ['Cookie', 'X-App', 'Authorization'] })
    const websocket = class extends (await import('ws')).WebSocket {
      constructor(url: string) {
        super(url, { headers: { cookie: 'session=1', 'x-app': 'shop', 'x-other': '1', 'x-forwarded-for': '6.6.6.6' } })
      }
    }
    await connecting({ websocket, token: 'opaque', headers: { Authorization: 'Bearer of-the-page' } }).ready()
    const { headers, json } = backEnd.calls[0] as (typeof backEnd.calls)[0]
    expect(headers).toMatchObject({
      cookie: 'session=1',
      'x-app': 'shop',
      authorization: 'Bearer of-the-page',
      'x-forwarded-for': '127.0.0.1',
    })
    expect(headers).not.toHaveProperty('x-other')
    expect(headers).not.toHaveProperty('sec-websocket-key')
    expect(headers['connection']).toBe('keep-alive')
    expect(json.token).toBe('opaque')
  })

  test('a header that would be more than one is left out', async () => {
    const { backEnd, connecting } = await serveHooks({})
    await connecting({ headers: { authorization: 'x\r\nX-Admin: yes' } }).ready()
    await connecting({ headers: { authorization: `Bearer ${'x'.repeat(16 * 1024)}` } }).ready()
    for (const { headers } of backEnd.calls) expect(headers).not.toHaveProperty('authorization')
    expect(backEnd.calls[0]?.headers).not.toHaveProperty('x-admin')
  })

  test('an error lets the client try again, a disconnect with 4500 does not', async () => {
    let count = 0
    const { connecting } = await serveHooks({
      connect: () => {
        count++
        if (count === 1) return { error: { code: 1000, message: 'a moment, please', temporary: true } }
        return { disconnect: { code: 4500, reason: 'banned' } }
      },
    })
    const centrifuge = connecting()
    const { error } = await nextEvent<{ error: object }>(centrifuge, 'error')
    expect(error).toMatchObject({ code: 1000, message: 'a moment, please', temporary: true })
    expect(await nextEvent(centrifuge, 'disconnected')).toMatchObject({ code: 4500, reason: 'banned' })
    expect(count).toBe(2)
  })
})

describe('subscribe', () => {
  test('asks who, where and with what; gives the client data, and others what to see of it', async () => {
    const { backEnd, connecting } = await serveHooks(
      {
        connect: () => ({ result: { user: 'ada', meta: { team: 7 } } }),
        subscribe: () => ({ result: { info: { role: 'reader' }, data: { title: 'News' } } }),
      },
      {},
      { presence: true, readPresence: 'subscriber' },
    )
    const centrifuge = connecting()
    const outcome = await subscribing(centrifuge, 'news', { since: 1 })
    expect(outcome).toMatchObject({ data: { title: 'News' } })
    const { clients } = await centrifuge.presence('news')
    const [info] = Object.values(clients)
    expect(info).toMatchObject({ user: 'ada', chanInfo: { role: 'reader' } })
    expect(backEnd.calls[1]?.json).toEqual({
      event: 'subscribe',
      client: info?.client,
      transport: 'websocket',
      protocol: 'json',
      encoding: 'json',
      user: 'ada',
      channel: 'news',
      meta: { team: 7 },
      data: { since: 1 },
    })
  })

  test('answers with the error of the back end, or ends the session', async () => {
    const { connecting } = await serveHooks({
      subscribe: ({ json }) =>
        json.channel === 'closed'
          ? { error: { code: 403, message: 'not for you' } }
          : { disconnect: { code: 4501, reason: 'go away' } },
    })
    const centrifuge = connecting()
    expect(await subscribing(centrifuge, 'closed')).toMatchObject({ code: 403, reason: 'not for you' })
    expect(await subscribing(centrifuge, 'other')).toMatchObject({ code: 4501, reason: 'go away' })
  })

  test('goes on as long as sub_refresh says so', async () => {
    let refreshed = 0
    const { backEnd, connecting } = await serveHooks({
      subscribe: () => ({ result: { expire_at: inSeconds(1) } }),
      sub_refresh: () => ({ result: ++refreshed === 1 ? { expire_at: inSeconds(1) } : { expired: true } }),
    })
    const subscription = await subscribed(connecting().newSubscription('news'))
    const over = await nextEvent<{ code: number }>(subscription, 'subscribing')
    expect(over.code).toBe(2501)
    await subscription.ready()
    expect(backEnd.calls.map(({ json }) => json.event)).toEqual([
      'connect',
      'subscribe',
      'sub_refresh',
      'sub_refresh',
      'subscribe',
    ])
    expect(backEnd.calls[2]?.json).toMatchObject({ user: 'ada', channel: 'news' })
  })
})

test('without sub_refresh, subscribe is asked whether a subscription goes on, again while the back end is away', async () => {
  let asked = 0
  const { backEnd, connecting } = await serveHooks(
    {
      subscribe: (_call, response) => {
        asked++
        if (asked === 2 || asked === 3) response.statusCode = 503
        return { result: asked === 1 ? { expire_at: inSeconds(1) } : {} }
      },
    },
    { subRefresh: undefined as never },
  )
  const centrifuge = connecting()
  const subscription = await subscribed(centrifuge.newSubscription('news', { data: 7 }))
  await backEnd.received(5)
  expect(backEnd.calls.slice(1).map(({ json }) => [json.event, json.data])).toEqual(Array(4).fill(['subscribe', 7]))
  await centrifuge.rpc('still', {})
  expect(subscription.state).toBe('subscribed')
})

describe('publish', () => {
  test('publishes what the client sent, or what the back end makes of it, with tags, and once by its key', async () => {
    const results: Readonly<Record<string, object>> = {
      same: {},
      other: { data: { checked: true }, tags: { by: 'back end' } },
      nothing: { data: null },
      once: { idempotency_key: 'k' },
    }
    const { hub, backEnd, connecting } = await serveHooks({ publish: ({ json }) => ({ result: results[json.data] }) })
    const centrifuge = connecting()
    await centrifuge.ready()
    for (const data of ['same', 'other', 'nothing', 'once', 'once']) await centrifuge.publish('news', data)
    const { publications } = await hub.history('news', undefined, {})
    expect(publications.map(({ data, tags }) => ({ data, tags }))).toEqual([
      { data: 'same', tags: undefined },
      { data: { checked: true }, tags: { by: 'back end' } },
      { data: null, tags: undefined },
      { data: 'once', tags: undefined },
    ])
    expect(backEnd.calls[1]?.json).toMatchObject({ event: 'publish', user: 'ada', channel: 'news', data: 'same' })
  })

  test('publishes nothing when the back end says no', async () => {
    const { hub, connecting } = await serveHooks({
      publish: () => ({ error: { code: 400, message: 'too rude' } }),
    })
    const centrifuge = connecting()
    await centrifuge.ready()
    await expect(centrifuge.publish('news', 'x')).rejects.toMatchObject({ code: 400, message: 'too rude' })
    expect((await hub.history('news', undefined, {})).publications).toEqual([])
  })
})

describe("a channel's own URL", () => {
  test('asks who it is and whether they may subscribe, without a session', async () => {
    const { backEnd, hub, url } = await serveHooks({
      connect: ({ headers }) => (headers.cookie === 'ada=1' ? { result: { user: 'ada' } } : { error: { code: 101 } }),
    })
    await hub.publish('news', 'hello')
    expect((await fetch(url('/channel/news'), { headers: { cookie: 'ada=1' } })).status).toBe(200)
    expect((await fetch(url('/channel/news'))).status).toBe(401)
    expect(backEnd.calls.map(({ json }) => json)).toEqual([
      { event: 'connect', transport: 'http', protocol: 'json', encoding: 'json' },
      {
        event: 'subscribe',
        client: '',
        transport: 'http',
        protocol: 'json',
        encoding: 'json',
        user: 'ada',
        channel: 'news',
      },
      { event: 'connect', transport: 'http', protocol: 'json', encoding: 'json' },
    ])
  })

  test('is not published to: the back end has not seen what', async () => {
    const { hub, backEnd, publish } = await serveHooks({})
    expect((await publish('news', 'anything')).status).toBe(403)
    expect(backEnd.calls.map(({ json }) => json.event)).toEqual(['connect'])
    expect((await hub.history('news', undefined, {})).publications).toEqual([])
  })
})

test('rpc: the back end answers, refuses, or knows no such method', async () => {
  const { backEnd, connecting } = await serveHooks({
    rpc: ({ json }) => {
      if (json.method === 'getQuote') return { result: { data: { price: 7 } } }
      if (json.method === 'nothing') return { result: {} }
      return { error: { code: 104, message: 'method not found' } }
    },
  })
  const centrifuge = connecting()
  await centrifuge.ready()
  expect(await centrifuge.rpc('getQuote', { symbol: 'WGWG' })).toEqual({ data: { price: 7 } })
  expect((await centrifuge.rpc('nothing', null)).data).toBeUndefined()
  await expect(centrifuge.rpc('other', {})).rejects.toMatchObject({ code: 104 })
  expect(backEnd.calls[1]?.json).toMatchObject({
    event: 'rpc',
    user: 'ada',
    method: 'getQuote',
    data: { symbol: 'WGWG' },
  })
})

describe('refresh', () => {
  test('prolongs a session, with what is new of its user; then ends it', async () => {
    let refreshed = 0
    const { hub, backEnd, connecting } = await serveHooks({
      connect: () => ({ result: { user: 'ada', info: 1, meta: { team: 7 }, expire_at: inSeconds(1) } }),
      refresh: () => ({ result: ++refreshed === 1 ? { expire_at: inSeconds(1), info: 2 } : { expired: true } }),
    })
    const centrifuge = connecting()
    const { client } = await nextEvent<ConnectedContext>(centrifuge, 'connected')
    await backEnd.received(3)
    expect(hub.sessions.get(client)).toMatchObject({ user: 'ada', info: 2, meta: { team: 7 } })
    const { code } = await nextEvent<{ code: number }>(centrifuge, 'connecting')
    expect(code).toBe(3005)
    expect(backEnd.calls[1]?.json).toEqual({
      event: 'refresh',
      client,
      transport: 'websocket',
      protocol: 'json',
      encoding: 'json',
      user: 'ada',
      meta: { team: 7 },
    })
  })

  test('may end a session for good', async () => {
    const { connecting } = await serveHooks({
      connect: () => ({ result: { user: 'ada', expire_at: inSeconds(1) } }),
      refresh: () => ({ disconnect: { code: 4500, reason: 'banned' } }),
    })
    expect(await nextEvent(connecting(), 'disconnected')).toMatchObject({ code: 4500, reason: 'banned' })
  })

  test('is tried again while the back end is away', async () => {
    let refreshed = 0
    const { backEnd, connecting } = await serveHooks({
      connect: () => ({ result: { user: 'ada', expire_at: inSeconds(1) } }),
      refresh: (_call, response) => {
        if (++refreshed < 3) response.statusCode = 503
        return { result: {} }
      },
    })
    const centrifuge = connecting()
    await backEnd.received(4)
    expect((await centrifuge.rpc('still', {})).data).toBeUndefined()
    expect(refreshed).toBe(3)
  })
})

test('while the back end fails, sessions and subscriptions whose time is up have their grace, and no more', async () => {
  const fail: Answering = (_call, response) => {
    response.statusCode = 500
    return { result: {} }
  }
  const { backEnd, connecting } = await serveHooks(
    {
      connect: () => ({ result: { user: 'ada', expire_at: inSeconds(3) } }),
      subscribe: () => ({ result: { expire_at: inSeconds(1) } }),
      sub_refresh: fail,
      refresh: fail,
    },
    {},
    {},
    { sessions: { expiryGraceMs: 1000 } },
  )
  const centrifuge = connecting()
  const subscription = await subscribed(centrifuge.newSubscription('news'))
  const [over, ended] = await Promise.all([
    nextEvent<{ code: number }>(subscription, 'subscribing'),
    nextEvent<{ code: number }>(centrifuge, 'connecting'),
  ])
  expect([over.code, ended.code]).toEqual([2501, 3005])
  const events = backEnd.calls.map(({ json }) => json.event)
  expect(events.filter((event) => event === 'sub_refresh').length).toBeGreaterThanOrEqual(3)
  expect(events.filter((event) => event === 'refresh').length).toBe(3)
})

test('tokens that the hub checks itself go beside a back end', async () => {
  const tokens = jwt({ secret: 'a secret of thirty-two bytes or more' })
  const { hooks, backEnd } = await serveHooks({})
  const { authenticator } = hooks
  const { client, hub } = await serveSessions({
    authenticate: {
      ...authenticator,
      authenticate: (asked) => (asked.token ? tokens : authenticator).authenticate(asked),
    },
  })
  const key = createSecretKey(Buffer.from('a secret of thirty-two bytes or more'))
  const token = await signToken({ sub: 'bob' }, key, { alg: 'HS256' })
  const [bob, ada] = [client({ token }), client()]
  for (const each of [bob, ada]) each.connect()
  await Promise.all([bob.ready(), ada.ready()])
  expect([...hub.sessions].map(({ user }) => user).sort()).toEqual(['ada', 'bob'])
  expect(backEnd.calls).toHaveLength(1)
})

describe('disconnected', () => {
  test('is told who went and why, and again while the back end is away', async () => {
    let told = 0
    const { backEnd, connecting } = await serveHooks({
      connect: () => ({ result: { user: 'ada', meta: { team: 7 } } }),
      disconnected: (_call, response) => {
        if (++told < 3) response.statusCode = 503
        return {}
      },
    })
    const centrifuge = connecting()
    const { client } = await nextEvent<ConnectedContext>(centrifuge, 'connected')
    centrifuge.disconnect()
    await backEnd.received(4)
    expect(backEnd.calls[3]?.json).toEqual({
      event: 'disconnected',
      client,
      transport: 'websocket',
      protocol: 'json',
      encoding: 'json',
      user: 'ada',
      meta: { team: 7 },
      disconnect: { code: 3000, reason: 'connection closed' },
    })
  })

  test('says the code with which the hub ended the session; closing waits for it', async () => {
    const { hub, hooks, backEnd, connecting } = await serveHooks({})
    const centrifuge = connecting()
    const { client } = await nextEvent<ConnectedContext>(centrifuge, 'connected')
    hub.sessions.get(client)?.disconnect({ code: 4500, reason: 'banned' })
    await hooks.close()
    expect(backEnd.calls[1]?.json).toMatchObject({ disconnect: { code: 4500, reason: 'banned' } })
    expect(hooks.stats).toMatchObject({ disconnected: { answered: 1, failed: 0 } })
  })
})

describe('a back end that does not keep up with who went', () => {
  /** Sessions that end at once, of which the back end has heard one and answers nothing yet. */
  async function serveSlowly(options: HttpHooksOptions) {
    const failures: HookError[] = []
    const answers: ((answer: object) => void)[] = []
    const served = await serveHooks(
      { disconnected: () => new Promise((resolve) => answers.push(resolve)) },
      { timeoutMs: 20_000, maxConcurrentCalls: 1, onFailure: (error) => failures.push(error), ...options },
    )
    const { onDisconnect } = served.hooks
    const end = (user: string): void => {
      const session = { client: user, transport: 'websocket', user } as Parameters<typeof onDisconnect>[0]
      onDisconnect(session, { code: 3000, reason: 'connection closed' })
    }
    for (const user of ['ada', 'bob', 'eve', 'zoe']) end(user)
    await served.backEnd.received(1)
    return { ...served, failures, answers }
  }

  test('hears of them in their order, of as many as there is room for; the others are counted', async () => {
    const { backEnd, hooks, failures, answers } = await serveSlowly({ maxQueuedCalls: 2 })
    expect(hooks.stats.disconnected).toEqual({ answered: 0, failed: 1, running: 1, waiting: 2 })
    expect(failures).toMatchObject([{ code: 'ERR_HOOK_BUSY', hook: 'disconnected' }])
    for (let told = 1; told <= 3; told++) {
      await backEnd.received(told)
      answers[told - 1]?.({})
    }
    await hooks.close()
    expect(backEnd.calls.map(({ json }) => json.user)).toEqual(['ada', 'bob', 'eve'])
    expect(hooks.stats.disconnected).toEqual({ answered: 3, failed: 1, running: 0, waiting: 0 })
  })

  test('what it has not heard when the hooks have been closing long enough is counted as lost', async () => {
    const { hooks, failures, backEnd } = await serveSlowly({ closeTimeoutMs: 10 })
    await Promise.all([hooks.close(), hooks.close()])
    expect(hooks.stats.disconnected).toEqual({ answered: 0, failed: 4, running: 0, waiting: 0 })
    expect(failures.map(({ code }) => code)).toEqual(Array(4).fill('ERR_HOOK_CLOSED'))
    hooks.onDisconnect({ user: 'late' } as never, { code: 3000, reason: '' })
    expect(failures).toHaveLength(5)
    expect(backEnd.calls).toHaveLength(1)
  })
})

/** Ways in which a back end says nothing that counts. */
const FAILURES: Readonly<Record<string, Answering>> = {
  'nothing in time': () => undefined,
  'drop by drop': (_call, response) => drip(response),
  'a server error': (_call, response) => {
    response.statusCode = 500
    return { result: { user: 'eve' } }
  },
  'a redirect': (_call, response) => {
    response.writeHead(307, { location: '/elsewhere' })
    return { result: { user: 'eve' } }
  },
  'too much': () => ({ result: { user: 'eve', data: 'x'.repeat(256 * 1024) } }),
  'no JSON': (_call, response) => void response.end('{"result":{"user":"eve"}'),
  'a page': (_call, response) => void response.end('<!doctype html><title>Welcome</title>'),
  'an empty body': (_call, response) => void response.end(),
  'no object': () => [{ result: { user: 'eve' } }],
  'nothing that was asked': () => ({}),
  'a result that is a list, as PHP writes what is empty': () => ({ result: [] }),
  'a result that is true': () => ({ result: true }),
  'no code of an error': () => ({ error: { message: 'no' } }),
  'a code out of range': () => ({ disconnect: { code: 1000, reason: 'x' } }),
  'an expiry that is text': () => ({ result: { user: 'eve', expire_at: '2030-01-01', expired: 'no' } }),
  'what limits, and is not spoken': () => ({ result: { user: 'eve', b64data: 'eA==', server_tags_filter: {} } }),
}

function drip(response: ServerResponse): undefined {
  const dripping = setInterval(() => response.write(' '), 5)
  response.on('close', () => clearInterval(dripping))
}

describe('a back end that fails lets nobody in', () => {
  const OPTIONS = { timeoutMs: 150 }
  const INTERNAL = { code: 100, message: 'internal server error', temporary: true }

  test.each(Object.keys(FAILURES))('%s', async (failure) => {
    let isWell = true
    const fail: Answering = (call, response, request) =>
      isWell ? { result: { user: 'ada' } } : FAILURES[failure]?.(call, response, request)
    const { hub, hooks, connecting } = await serveHooks(
      { connect: fail, subscribe: fail, publish: fail, rpc: fail },
      OPTIONS,
    )
    const inside = connecting()
    await inside.ready()
    isWell = false
    expect(await subscribing(inside, 'news')).toMatchObject({ code: 100, temporary: true })
    if (failure !== 'an expiry that is text') {
      await expect(inside.publish('news', 'x')).rejects.toMatchObject(INTERNAL)
      await expect(inside.rpc('method', {})).rejects.toMatchObject(INTERNAL)
    }
    const outside = connecting()
    const { error } = await nextEvent<{ error: object }>(outside, 'error')
    expect(error).toMatchObject(INTERNAL)
    expect(hub.stats.subscriptions).toBe(0)
    expect(hub.sessions.stats.connected).toBe(1)
    for (const name of ['connect', 'subscribe'] as HookName[]) {
      expect(hooks.stats[name]?.failed, name).toBeGreaterThan(0)
    }
    // The sessions of the hub go on, and new ones come when the back end is well.
    isWell = true
    await outside.ready()
    outside.disconnect()
  })
})

test('what has no URL cannot be given to a hub', async () => {
  const { httpHooks } = await import('@wigwag/hub/node')
  const hooks = httpHooks({ connect: 'https://app.example/connect' })
  expect(Object.keys(hooks.hubOptions)).toEqual(['authenticate'])
  expect(hooks.hubOptions.authenticate).not.toHaveProperty('refresh')
  for (const name of ['subscribe', 'publish', 'rpc', 'onDisconnect'] as const)
    expect(() => hooks[name], name).toThrow(/no URL/)
  await hooks.close()
})
