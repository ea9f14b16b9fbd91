import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { HubOptions } from '@wigwag/hub'
import { jwt } from '@wigwag/hub/jwt'
import { createHub, Tickets } from '@wigwag/hub/node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Arrivals } from '../support/arrivals.ts'
import { connectRaw } from '../support/raw-http.ts'
import { openSocket, serveChannels } from '../support/served-channels.ts'
import { nextEvent, serveSessions } from '../support/served-sessions.ts'
import { SECRET, signToken } from '../support/tokens.ts'
import { UPGRADE_HEAD } from '../support/upgrade-head.ts'

const PATH = '/connection/websocket'

/** The status with which a WebSocket is refused, or 101. */
function statusOf(url: string, headers: Record<string, string> = {}): Promise<number> {
  return openSocket(url, { headers }).then(
    () => 101,
    ({ status }: { status: number }) => status,
  )
}

describe('the doors of sessions', () => {
  test('are those of channels: origin and Host', async () => {
    const { url, origin } = await serveChannels()
    expect(await statusOf(url(PATH), { origin })).toBe(101)
    expect(await statusOf(url(PATH), { origin: 'https://evil.example' })).toBe(403)
  })

  test('are shut for other names than ours, against DNS rebinding', async () => {
    const { port } = await serveChannels()
    const socket = await connectRaw(port)
    socket.write(`GET ${PATH} HTTP/1.1`, 'Host: evil.example', ...UPGRADE_HEAD)
    expect(await socket.until(/\r\n\r\n/)).toContain(' 403 ')
  })

  test('say what they take to who comes without a WebSocket', async () => {
    const { url } = await serveChannels()
    const answer = await fetch(url(PATH))
    expect([answer.status, answer.headers.get('upgrade')]).toEqual([426, 'websocket'])
  })

  test('take no more than there may be: 503', async () => {
    const { url } = await serveChannels({ sessions: { maxSessions: 1 } })
    expect(await statusOf(url(PATH))).toBe(101)
    expect(await statusOf(url(PATH))).toBe(503)
  })

  test('tell a plain request what the upgrade was told: browsers do not', async () => {
    const allowed = 'https://shop.example'
    const { url, hub } = await serveChannels({
      sessions: { maxSessions: 1 },
      allowOrigins: [allowed],
      maxConnections: 3,
    })
    const ask = async (origin: string) => {
      const response = await fetch(url(PATH), { method: 'POST', headers: { origin } })
      const header = (name: string) => response.headers.get(name)
      return { status: response.status, text: await response.text(), header }
    }
    const forbidden = await ask('https://evil.example')
    expect(forbidden).toMatchObject({ status: 403, text: expect.stringContaining('evil.example') })
    expect(forbidden.header('access-control-allow-origin')).toBeNull()
    expect((await ask(allowed)).status).toBe(426)
    expect(await statusOf(url(PATH), { origin: allowed })).toBe(101)
    const full = await ask(allowed)
    expect(full).toMatchObject({ status: 503, text: expect.stringContaining('maxSessions') })
    expect(Number(full.header('retry-after'))).toBeGreaterThanOrEqual(5)
    expect(full.header('access-control-allow-origin')).toBe(allowed)
    expect(full.header('access-control-expose-headers')).toContain('Retry-After')
    expect(hub.sessions.refused.sessions).toBe(0)
    const others = [await openSocket(url('/channel/a')), await openSocket(url('/channel/a'))]
    expect(await ask(allowed)).toMatchObject({ status: 503, text: expect.stringContaining('3 connections') })
    expect(others).toHaveLength(2)
  })

  test('take nobody for a session who only asks', async () => {
    const { url } = await serveChannels({ sessions: { maxSessionsPerSecond: 1, maxSessionBurst: 1 } })
    for (let i = 0; i < 5; i++) expect((await fetch(url(PATH), { method: 'POST' })).status).toBe(426)
    expect(await statusOf(url(PATH))).toBe(101)
    expect(await statusOf(url(PATH))).toBe(503)
    expect(await (await fetch(url(PATH), { method: 'POST' })).text()).toContain('maxSessionsPerSecond')
  })

  test('are below the base path', async () => {
    const { url } = await serveChannels({ basePath: '/push' })
    expect(await statusOf(url(`/push${PATH}`))).toBe(101)
  })

  test('are not there where only `authorize` decides, and are where the hub decides', async () => {
    const onlyAuthorize = await serveChannels({ authorize: () => true })
    onlyAuthorize.server.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 404 Not Found\r\n\r\n'))
    expect(await statusOf(onlyAuthorize.url(PATH))).toBe(404)
    const both = await serveChannels({ authorize: () => true, namespaces: { '': {} } })
    expect(await statusOf(both.url(PATH))).toBe(101)
  })

  test('bytes end a session with 3506, more than a message may have with 1009', async () => {
    const { url } = await serveChannels({ sessions: { maxMessageBytes: 100 } })
    const [bytes, long] = [await openSocket(url(PATH)), await openSocket(url(PATH))]
    bytes.socket.send(new Uint8Array([1]))
    long.socket.send('x'.repeat(101))
    expect((await bytes.closed).code).toBe(3506)
    expect((await long.closed).code).toBe(1009)
  })

  test('close when the endpoint does: 3001, to come back', async () => {
    const { url, endpoint } = await serveChannels()
    const socket = await openSocket(url(PATH))
    const closing = endpoint.close()
    expect((await socket.closed).code).toBe(3001)
    await closing
  })
})

test('a hub attaches itself to a server, and lets go of it when it closes', async () => {
  const hub = createHub()
  const server = createServer((_request, response) => response.end('application'))
  hub.attach(server, { basePath: '/push' })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const socket = await openSocket(`http://127.0.0.1:${port}/push${PATH}`)
  await hub.close()
  expect((await socket.closed).code).toBe(3001)
  expect(await (await fetch(`http://127.0.0.1:${port}/push/channel/a`)).text()).toBe('application')
})

describe('a token', () => {
  const options: Partial<HubOptions> = {
    authenticate: jwt({ secret: SECRET }),
    namespaces: { '': {}, own: { subscribe: 'token' } },
  }
  const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds

  test('lets a client in, is renewed while it is connected, and opens channels', async () => {
    const { hub, client } = await serveSessions(options)
    let tokens = 0
    const arrivals = new Arrivals()
    const centrifuge = client({
      getToken: () => {
        tokens++
        arrivals.tell()
        return signToken({ sub: 'ann', exp: inSeconds(tokens === 1 ? 2 : 3600) })
      },
    })
    const subscription = centrifuge.newSubscription('own:1', {
      getToken: ({ channel }) => signToken({ sub: 'ann', channel, exp: inSeconds(3600) }),
    })
    subscription.subscribe()
    centrifuge.connect()
    await subscription.ready()
    expect(hub.sessions.ofUser('ann').length).toBe(1)
    const [session] = hub.sessions.ofUser('ann')
    await arrivals.until(() => tokens === 2)
    await centrifuge.rpc('none', {}).catch(() => {})
    expect(hub.sessions.ofUser('ann')).toEqual([session])
    expect(centrifuge.state).toBe('connected')
  })

  test('that is forged keeps the client out for good; none is an error', async () => {
    const { client } = await serveSessions(options)
    const [forged, none] = [client({ token: await signToken({ sub: 'eve' }, 'x'.repeat(64)) }), client()]
    const ended = [nextEvent(forged, 'disconnected'), nextEvent(none, 'disconnected')]
    forged.connect()
    none.connect()
    expect(await Promise.all(ended)).toMatchObject([{ code: 3500 }, { code: 101 }])
  })
})

describe("channels' URLs, where the hub decides", () => {
  const tickets = new Tickets()
  const serve = (): ReturnType<typeof serveChannels> =>
    serveChannels({
      tickets,
      authenticate: ({ header }) => ({ user: header?.('authorization')?.slice(7) ?? '' }),
      namespaces: {
        open: { subscribe: 'anyone', publish: 'anyone' },
        own: { subscribe: ({ user, channel }) => channel.rest === user, publish: 'user' },
      },
    })
  const as = (user: string): Record<string, string> => ({ authorization: `Bearer ${user}` })

  test('obey the namespaces', async () => {
    const { url } = await serve()
    const publish = async (channel: string, headers = {}): Promise<number> =>
      (await fetch(url(`/channel/${channel}`), { method: 'POST', body: 'x', headers })).status
    const poll = async (channel: string, headers = {}): Promise<number> =>
      (await fetch(url(`/channel/${channel}`), { headers })).status
    expect([await publish('open:1'), await poll('open:1'), await statusOf(url('/channel/open:1'))]).toEqual([
      200, 200, 101,
    ])
    expect([await publish('own:ann'), await poll('own:ann'), await statusOf(url('/channel/own:ann'))]).toEqual([
      403, 403, 403,
    ])
    const ann = as('ann')
    expect([
      await publish('own:ann', ann),
      await poll('own:ann', ann),
      await statusOf(url('/channel/own:ann'), ann),
    ]).toEqual([200, 200, 101])
    expect(await poll('own:ann', as('bob'))).toBe(403)
    expect([await publish('nowhere:1'), await poll('nowhere:1')]).toEqual([404, 404])
  })

  test('and sessions take a ticket, once', async () => {
    const { url, hub } = await serve()
    const ticket = await tickets.issue({ user: 'ann' })
    expect(await statusOf(url(`/channel/own:ann?ticket=${ticket}`))).toBe(101)
    expect(await statusOf(url(`/channel/own:ann?ticket=${ticket}`))).toBe(401)
    const socket = await openSocket(url(`${PATH}?ticket=${await tickets.issue({ user: 'bob' })}`))
    socket.socket.send('{"id":1,"connect":{}}')
    await socket.next()
    expect(hub.sessions.ofUser('bob').length).toBe(1)
  })
})
