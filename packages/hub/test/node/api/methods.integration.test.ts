import { refuse } from '@wigwag/hub'
import type { PublicationContext } from 'centrifuge'
import { describe, expect, test } from 'vitest'
import { type ServedApi, serveApi } from '../../support/served-api.ts'
import { openSocket } from '../../support/served-channels.ts'
import { nextEvent } from '../../support/served-sessions.ts'

const options = {
  authenticate: ({ token = '' }) => ({ user: token, info: { name: token } }),
  namespaces: {
    '': { subscribe: 'anyone' },
    seen: { subscribe: 'anyone', presence: true, joinLeave: true },
    short: { subscribe: 'anyone', history: { size: 0 } },
    small: { subscribe: 'anyone', history: { size: 2 } },
  },
} as const

/** A client that is connected. */
async function connected({ client }: ServedApi, token: string) {
  const centrifuge = client({ token })
  const connecting = nextEvent<{ client: string }>(centrifuge, 'connected')
  centrifuge.connect()
  return { centrifuge, id: (await connecting).client }
}

/** One that is subscribed. */
async function subscribed(served: ServedApi, token: string, channel: string) {
  const { centrifuge, id } = await connected(served, token)
  const subscription = centrifuge.newSubscription(channel)
  const subscribing = nextEvent(subscription, 'subscribed')
  subscription.subscribe()
  await subscribing
  return { centrifuge, id, subscription }
}

describe('publish', () => {
  test('answers with the position, and reaches sessions with its tags', async () => {
    const served = await serveApi(options)
    const { subscription } = await subscribed(served, 'ann', 'a')
    const arriving = nextEvent<PublicationContext>(subscription, 'publication')
    const result = await served.result('publish', { channel: 'a', data: { n: 1 }, tags: { trace: 'x' } })
    expect(result).toEqual({ offset: 1, epoch: expect.any(String) })
    expect(await arriving).toMatchObject({ data: { n: 1 }, tags: { trace: 'x' }, offset: 1 })
  })

  test('takes every JSON, null among it, and bytes as base64', async () => {
    const { result, hub } = await serveApi(options)
    for (const data of [null, false, 0, '', [], {}]) await result('publish', { channel: 'a', data })
    await result('publish', { channel: 'a', b64data: Buffer.from([0, 255]).toString('base64') })
    const { publications } = await hub.history('a', undefined, {})
    expect(publications.map(({ data }) => data)).toEqual([null, false, 0, '', [], {}, Uint8Array.of(0, 255)])
  })

  test.each([
    ['', false],
    ['YQ==', true],
    ['YQ', true],
    ['YWI=', true],
    ['YWJj', true],
    ['Y', false],
    ['YQ=', false],
    ['YWJj=', false],
    ['YQ===', false],
    ['Y=Q=', false],
    ['YQ==\n', false],
    ['-_-_', false],
  ])('%j as b64data: %s', async (b64data, isGood) => {
    const { call } = await serveApi(options)
    expect((await call('publish', { channel: 'a', b64data })).body).toHaveProperty(isGood ? 'result' : 'error')
  })

  test('b64data may be as large as a request', async () => {
    const { call } = await serveApi({
      ...options,
      maxPublicationBytes: 20_000_000,
      api: { maxBodyBytes: 30_000_000 },
      history: { maxBytes: 30_000_000 },
    })
    expect((await call('publish', { channel: 'a', b64data: 'A'.repeat(16_000_000) })).body).toHaveProperty('result')
  })

  test('with a key it is stored once', async () => {
    const { result, hub } = await serveApi(options)
    const request = { channel: 'a', data: 1, idempotency_key: 'k' }
    expect(await result('publish', request)).toEqual(await result('publish', request))
    expect((await hub.history('a', undefined, {})).publications).toHaveLength(1)
  })

  test('with skip_history it is told, and not stored', async () => {
    const served = await serveApi(options)
    const { subscription } = await subscribed(served, 'ann', 'a')
    const arriving = nextEvent<PublicationContext>(subscription, 'publication')
    expect(await served.result('publish', { channel: 'a', data: 1, skip_history: true })).toEqual({})
    expect((await arriving).data).toBe(1)
    expect((await served.hub.history('a', undefined, {})).publications).toEqual([])
  })

  test('where there is no history there is no position', async () => {
    const { result } = await serveApi(options)
    expect(await result('publish', { channel: 'short:a', data: 1 })).toEqual({})
  })

  test.each([
    [{ data: 1 }, 107, '"channel" is missing: it must be text'],
    [{ channel: 5, data: 1 }, 107, '"channel" must be text'],
    [{ channel: 'a' }, 107, '"data" is missing: it must be any JSON, or "b64data" bytes as base64'],
    [{ channel: 'a', b64data: '%' }, 107, '"b64data" must be text: bytes as base64'],
    [{ channel: 'a', data: 1, tags: { a: 1 } }, 107, '"tags.a" must be text'],
    [{ channel: 'a', data: 1, tags: 'x' }, 107, '"tags" must be an object of text by name'],
    [{ channel: 'a', data: 1, skip_history: 'yes' }, 107, '"skip_history" must be true or false'],
    [{ channel: 'a', data: 1, idempotency_key: 'k'.repeat(300) }, 107, 'key'],
    [{ channel: 'a b', data: 1 }, 107, 'cannot name a channel'],
    [{ channel: 'other:a', data: 1 }, 102, 'is in no namespace'],
    [{ channel: 'a', data: 'x'.repeat(300_000) }, 107, 'maxPublicationBytes is 262144'],
    [[], 107, 'the request must be a JSON object'],
    ['{"channel":', 107, 'the request must be JSON'],
    ['['.repeat(300), 107, 'nests deeper than 256'],
  ])('%j is error %i', async (request, code, message) => {
    const { call } = await serveApi(options)
    const { status, body } = await call('publish', request)
    expect([status, body]).toEqual([200, { error: { code, message: expect.stringContaining(message) } }])
  })
})

test('broadcast answers for each channel', async () => {
  const { result, call } = await serveApi(options)
  expect(await result('broadcast', { channels: ['a', 'other:a', 'short:b'], data: 1 })).toEqual({
    responses: [
      { result: { offset: 1, epoch: expect.any(String) } },
      { error: { code: 102, message: expect.any(String) } },
      { result: {} },
    ],
  })
  expect((await call('broadcast', { channels: [], data: 1 })).body.error.message).toContain('1 to 10000 names')
  expect((await call('broadcast', { channels: [1], data: 1 })).body.error.message).toBe('"channels.0" must be text')
})

describe('sessions', () => {
  test('subscribe and unsubscribe', async () => {
    const served = await serveApi(options)
    const { centrifuge, id } = await connected(served, 'ann')
    const subscribing = nextEvent<{ channel: string; data: unknown }>(centrifuge, 'subscribed')
    await served.result('publish', { channel: 'a', data: 1 })
    const { position } = await served.hub.history('a')
    await served.result('publish', { channel: 'a', data: 2 })
    const recovered = nextEvent<{ data: unknown }>(centrifuge, 'publication')
    await served.result('subscribe', { user: 'ann', channel: 'a', data: { welcome: 1 }, recover_since: position })
    expect(await subscribing).toMatchObject({ channel: 'a', data: { welcome: 1 }, recovered: true })
    expect((await recovered).data).toBe(2)
    const unsubscribing = nextEvent<{ channel: string }>(centrifuge, 'unsubscribed')
    await served.result('unsubscribe', { user: 'ann', client: id, channel: 'a' })
    expect((await unsubscribing).channel).toBe('a')
  })

  test('a subscription of the server has an info of its own, and an end', async () => {
    const served = await serveApi(options)
    const { centrifuge, id } = await connected(served, 'ann')
    const subscribing = nextEvent(centrifuge, 'subscribed')
    const unsubscribing = nextEvent(centrifuge, 'unsubscribed')
    const expire_at = Math.floor(Date.now() / 1000) + 3600
    await served.result('subscribe', { client: id, channel: 'seen:a', b64info: btoa('{"seat":1}'), expire_at })
    expect(await subscribing).toMatchObject({ channel: 'seen:a' })
    const presence = async (): Promise<unknown> => served.result('presence', { channel: 'seen:a' })
    await expect.poll(presence).toEqual({
      presence: { [id]: { client: id, user: 'ann', conn_info: { name: 'ann' }, chan_info: { seat: 1 } } },
    })
    await served.result('unsubscribe', { user: 'ann', channel: 'seen:a' })
    await unsubscribing
    await expect.poll(presence).toEqual({ presence: {} })
  })

  test('disconnect: with a code of its own, and not those on the list', async () => {
    const served = await serveApi(options)
    const [kept, ended] = [await connected(served, 'ann'), await connected(served, 'ann')]
    const ending = nextEvent<{ code: number; reason: string }>(ended.centrifuge, 'disconnected')
    await served.result('disconnect', {
      user: 'ann',
      whitelist: [kept.id],
      disconnect: { code: 4501, reason: 'banned' },
    })
    expect(await ending).toMatchObject({ code: 4501, reason: 'banned' })
    expect(served.hub.sessions.ofUser('ann').map(({ client }) => client)).toEqual([kept.id])
  })

  test("somebody else's session is left alone", async () => {
    const served = await serveApi(options)
    const { id } = await connected(served, 'ann')
    await served.result('disconnect', { user: 'bob', client: id })
    expect(served.hub.sessions.get(id)).toBeDefined()
  })

  test('refresh: until a time, or expired: then the client comes back with another token', async () => {
    const served = await serveApi(options)
    const { centrifuge, id } = await connected(served, 'ann')
    const connecting = nextEvent<{ code: number }>(centrifuge, 'connecting')
    await served.result('refresh', { user: 'ann', expire_at: Math.floor(Date.now() / 1000) + 3600 })
    expect(served.hub.sessions.get(id)).toBeDefined()
    await served.result('refresh', { user: 'ann', expired: true })
    expect(await connecting).toMatchObject({ code: 3005 })
  })

  test('connections', async () => {
    const served = await serveApi(options)
    const [ann, bob] = [await subscribed(served, 'ann', 'a'), await connected(served, 'bob')]
    const annIs = { user: 'ann', transport: 'websocket', protocol: 'json', state: { channels: { a: {} } } }
    const bobIs = { user: 'bob', transport: 'websocket', protocol: 'json', state: { channels: {} } }
    expect(await served.result('connections')).toEqual({ connections: { [ann.id]: annIs, [bob.id]: bobIs } })
    expect(await served.result('connections', { user: 'bob' })).toEqual({ connections: { [bob.id]: bobIs } })
  })

  test('a list that is as long as it may be says that there is more', async () => {
    const served = await serveApi({ ...options, cluster: { maxListedSessions: 1, maxListedChannels: 1 } })
    await subscribed(served, 'ann', 'a')
    await subscribed(served, 'bob', 'b')
    expect(await served.result('connections')).toMatchObject({ incomplete: true })
    expect(await served.result('channels')).toEqual({ channels: { a: { num_clients: 1 } }, incomplete: true })
  })

  test.each([
    ['subscribe', { channel: 'a' }, '"user" is missing: it must be text'],
    ['subscribe', { user: 'ann' }, '"channel" is missing: it must be text'],
    ['subscribe', { user: 'ann', channel: 'a', recover_since: { offset: 1 } }, '"recover_since.epoch"'],
    ['subscribe', { user: 'ann', channel: 'a', recover_since: { offset: 1, epoch: '%' } }, '"recover_since.epoch"'],
    ['subscribe', { user: 'ann', channel: 'a', expire_at: 1.5 }, '"expire_at" must be a whole number from 0 up'],
    ['subscribe', { user: 'ann', channel: 'a', b64info: btoa('{') }, '"b64info" must be JSON, as base64'],
    ['unsubscribe', { channel: 'a', user: '' }, '"user" is missing'],
    ['disconnect', {}, '"user" is missing'],
    ['disconnect', { user: 'a', disconnect: { code: 1000 } }, '"disconnect.code" must be a code from 3000 to 4999'],
    ['disconnect', { user: 'a', whitelist: 'x' }, '"whitelist" must be a list of text'],
    ['refresh', { user: 'a', expired: 1 }, '"expired" must be true or false'],
    ['connections', { user: 1 }, '"user" must be text'],
  ])('%s of %j is error 107', async (method, request, message) => {
    const { call } = await serveApi(options)
    const { body } = await call(method, request)
    expect(body).toEqual({ error: { code: 107, message: expect.stringContaining(message) } })
  })
})

describe('channels', () => {
  test('presence and presence_stats', async () => {
    const served = await serveApi(options)
    const { id } = await subscribed(served, 'ann', 'seen:a')
    await expect
      .poll(() => served.result('presence_stats', { channel: 'seen:a' }))
      .toEqual({ num_clients: 1, num_users: 1 })
    expect(await served.result('presence', { channel: 'seen:a' })).toEqual({
      presence: { [id]: { client: id, user: 'ann', conn_info: { name: 'ann' } } },
    })
    expect((await served.call('presence', { channel: 'a' })).body.error.code).toBe(108)
    expect((await served.call('presence_stats', { channel: 'other:a' })).body.error.code).toBe(102)
  })

  test('history: where it stands, a part, from a position, backwards', async () => {
    const { hub, result, call } = await serveApi(options)
    for (const data of [1, 2, 3]) await hub.publish('a', data)
    const epoch = (await hub.history('a')).position?.epoch
    const read = async (request: object): Promise<unknown[]> => {
      const { publications } = (await result('history', { channel: 'a', ...request })) as {
        publications: { data: unknown; offset: number }[]
      }
      return publications.map(({ data }) => data)
    }
    expect(await result('history', { channel: 'a' })).toEqual({ publications: [], epoch, offset: 3 })
    expect(await read({ limit: -1 })).toEqual([1, 2, 3])
    expect(await read({ limit: 2 })).toEqual([1, 2])
    expect(await read({ limit: 2, reverse: true })).toEqual([3, 2])
    expect(await read({ limit: -1, since: { offset: 1, epoch } })).toEqual([2, 3])
    expect(await read({ limit: -1, since: { offset: 2, epoch: '' } })).toEqual([3])
    const other = await call('history', { channel: 'a', limit: 1, since: { offset: 1, epoch: 'another' } })
    expect(other.body.error.code).toBe(112)
  })

  test('history that does not reach back is error 112, none at all 108', async () => {
    const { hub, call } = await serveApi(options)
    for (const data of [1, 2, 3, 4]) await hub.publish('small:a', data)
    const epoch = (await hub.history('small:a')).position?.epoch
    const codeOf = async (request: object): Promise<number> => (await call('history', request)).body.error?.code
    expect(await codeOf({ channel: 'small:a', limit: -1, since: { offset: 1, epoch } })).toBe(112)
    expect(await codeOf({ channel: 'small:a', limit: -1, since: { offset: 2, epoch } })).toBe(undefined)
    expect(await codeOf({ channel: 'short:a' })).toBe(108)
    expect(await codeOf({ channel: 'other:a' })).toBe(102)
    expect(await codeOf({ channel: 'a', limit: -2 })).toBe(107)
  })

  test('history_remove', async () => {
    const { hub, result } = await serveApi(options)
    await hub.publish('a', 1)
    expect(await result('history_remove', { channel: 'a' })).toEqual({})
    expect(await result('history', { channel: 'a', limit: -1 })).toMatchObject({ publications: [], offset: 1 })
  })

  test('channels, all or by a pattern; what is subscribed to by a bare socket counts as well', async () => {
    const served = await serveApi(options)
    await subscribed(served, 'ann', 'a')
    await openSocket(served.url('/channel/a'))
    await subscribed(served, 'bob', 'seen:b')
    expect(await served.result('channels')).toEqual({
      channels: { a: { num_clients: 2 }, 'seen:b': { num_clients: 1 } },
    })
    expect(await served.result('channels', { pattern: 'seen:*' })).toEqual({
      channels: { 'seen:b': { num_clients: 1 } },
    })
  })
})

test('info', async () => {
  const served = await serveApi({ ...options, cluster: { name: 'first' } })
  await subscribed(served, 'ann', 'a')
  await connected(served, 'ann')
  expect(await served.result('info')).toEqual({
    nodes: [
      {
        uid: served.hub.sessions.hub,
        name: 'first',
        version: 'wigwag',
        num_clients: 2,
        num_users: 1,
        num_channels: 1,
        num_subs: 1,
        uptime: expect.any(Number),
      },
    ],
  })
})

test('rpc calls what the application has for servers, and nothing else', async () => {
  const served = await serveApi({
    ...options,
    rpc: { ofClients: () => 1 },
    serverRpc: {
      double: (params) => Number(params) * 2,
      nothing: () => undefined,
      refused: () => refuse(444, 'not today'),
      broken: () => {
        throw new Error('the inside of the server')
      },
    },
  })
  expect(await served.result('rpc', { method: 'double', params: 21 })).toEqual({ data: 42 })
  expect(await served.result('rpc', { method: 'nothing' })).toEqual({})
  const errorOf = async (method: string): Promise<unknown> => (await served.call('rpc', { method })).body.error
  expect(await errorOf('refused')).toEqual({ code: 444, message: 'not today' })
  expect(await errorOf('broken')).toEqual({ code: 100, message: 'internal server error' })
  for (const method of ['ofClients', 'toString', '__proto__'])
    expect(await errorOf(method)).toMatchObject({ code: 104 })
})
