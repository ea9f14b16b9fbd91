import { ChannelEndpoint, type ChannelEndpointOptions, type ChannelRequest, createHub } from '@wigwag/hub/node'
import { connectWebSocket, refuse } from '@wigwag/socket'
import { describe, expect, test } from 'vitest'
import { connectRaw } from '../support/raw-http.ts'
import { openEvents, openSocket, serveChannels, untilSubscribed } from '../support/served-channels.ts'
import { UPGRADE_HEAD } from '../support/upgrade-head.ts'

const APP = 'https://app.example.com'
const EVIL = 'https://evil.example'

/** Asks in each of the three ways, and says the status: 101 for an open WebSocket. */
async function statuses(url: (path: string) => string, headers: Record<string, string>): Promise<number[]> {
  const target = url('/channel/a')
  const abort = new AbortController()
  const post = await fetch(target, { method: 'POST', body: 'x', headers })
  const events = await fetch(target, { headers: { accept: 'text/event-stream', ...headers }, signal: abort.signal })
  abort.abort()
  const socket = await openSocket(target, { headers }).then(
    () => 101,
    ({ status }: { status: number }) => status,
  )
  return [post.status, events.status, socket]
}

const OPEN = [200, 200, 101]
const SHUT = [403, 403, 403]

describe('origin policy, one for POST, event stream and WebSocket', () => {
  test('same-origin by default: pages of our own host and programs without Origin', async () => {
    const { url, origin } = await serveChannels()
    expect(await statuses(url, {})).toEqual(OPEN)
    expect(await statuses(url, { origin })).toEqual(OPEN)
    // A proxy that ends TLS hides the scheme.
    expect(await statuses(url, { origin: origin.replace('http:', 'https:') })).toEqual(OPEN)
  })

  test.each([EVIL, 'null', 'http://127.0.0.1', 'http://localhost.evil.example'])(
    'Origin %s is refused',
    async (origin) => {
      const { url } = await serveChannels()
      expect(await statuses(url, { origin })).toEqual(SHUT)
    },
  )

  test('the refusal names both values and the option', async () => {
    const { url, port } = await serveChannels()
    const response = await fetch(url('/channel/a'), { method: 'POST', body: 'x', headers: { origin: EVIL } })
    const text = await response.text()
    for (const part of [EVIL, `127.0.0.1:${port}`, 'allowOrigins']) expect(text).toContain(part)
  })

  test('a list allows its origins besides the same origin', async () => {
    const { url, origin } = await serveChannels({ allowOrigins: [APP] })
    expect(await statuses(url, { origin: APP })).toEqual(OPEN)
    expect(await statuses(url, { origin })).toEqual(OPEN)
    for (const other of [EVIL, 'http://app.example.com', `${APP}:8443`])
      expect(await statuses(url, { origin: other })).toEqual(SHUT)
  })

  test('"any" allows all', async () => {
    const { url } = await serveChannels({ allowOrigins: 'any' })
    expect(await statuses(url, { origin: EVIL })).toEqual(OPEN)
    expect(await statuses(url, { origin: 'null' })).toEqual(OPEN)
  })
})

describe('CORS (Fetch standard §3.2)', () => {
  const preflight = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' }

  test('an allowed origin may read answers, errors as well, with credentials, and caches keep origins apart', async () => {
    const { url } = await serveChannels({ allowOrigins: [APP] })
    for (const init of [{ method: 'POST', body: 'x' }, { method: 'GET' }, { method: 'DELETE' }]) {
      const { headers } = await fetch(url('/channel/a'), { ...init, headers: { origin: APP } })
      expect(headers.get('access-control-allow-origin')).toBe(APP)
      expect(headers.get('access-control-allow-credentials')).toBe('true')
      expect(headers.get('access-control-expose-headers')).toBe(
        'ETag, Last-Modified, Retry-After, Wigwag-Gap, Wigwag-Recovered',
      )
      expect(headers.get('vary')).toContain('Origin')
    }
  })

  test('also refusals: of a door, of a limit, of authorize', async () => {
    const refusing: [ChannelEndpointOptions, number][] = [
      [{ authorize: () => false }, 403],
      [{ addressLimits: { maxConnections: 1, maxBurst: 1, maxRequestsPerSecond: 1, exempt: [] } }, 429],
      [{ maxConnections: 1 }, 503],
    ]
    for (const [options, status] of refusing) {
      const { url, origin } = await serveChannels({ allowOrigins: [APP], ...options })
      const stream = { accept: 'text/event-stream' }
      const first = new AbortController()
      await fetch(url('/channel/a'), { headers: stream, signal: first.signal })
      const init = { method: 'POST', body: 'x' }
      const answer = await fetch(url('/channel/a'), { ...init, headers: { origin: APP } })
      expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([status, APP])
      // Our own pages need none, and others get none.
      for (const other of [origin, EVIL]) {
        const { headers } = await fetch(url('/channel/a'), { ...init, headers: { origin: other } })
        expect(headers.get('access-control-allow-origin')).toBeNull()
        expect(headers.get('access-control-allow-credentials')).toBeNull()
        expect(headers.get('vary')).toContain('Origin')
      }
      first.abort()
    }
  })

  test('"any" is * and never has credentials; neither has "null", which is every sandboxed page', async () => {
    const any = await serveChannels({ allowOrigins: 'any' })
    const post = (url: string, origin: string) => fetch(url, { method: 'POST', body: 'x', headers: { origin } })
    const toAny = (await post(any.url('/channel/a'), APP)).headers
    expect(toAny.get('access-control-allow-origin')).toBe('*')
    expect(toAny.get('access-control-allow-credentials')).toBeNull()
    expect(toAny.get('access-control-expose-headers')).toContain('Retry-After')
    const listed = await serveChannels({ allowOrigins: ['null'] })
    const toNull = (await post(listed.url('/channel/a'), 'null')).headers
    expect(toNull.get('access-control-allow-origin')).toBe('null')
    expect(toNull.get('access-control-allow-credentials')).toBeNull()
  })

  test('without Origin there is nothing to allow, but caches must know', async () => {
    const { url } = await serveChannels({ allowOrigins: 'any' })
    const { headers } = await fetch(url('/channel/a'), { method: 'POST', body: 'x' })
    expect(headers.get('access-control-allow-origin')).toBeNull()
    expect(headers.get('vary')).toContain('Origin')
  })

  test('a preflight lets pages of an allowed origin publish JSON, resume, and authorize themselves', async () => {
    const { url, hub } = await serveChannels({ allowOrigins: [APP], authorize: () => false })
    const response = await fetch(url('/channel/a'), { method: 'OPTIONS', headers: { origin: APP, ...preflight } })
    expect(response.status).toBe(204)
    expect(response.headers.get('access-control-allow-origin')).toBe(APP)
    expect(response.headers.get('access-control-allow-credentials')).toBe('true')
    expect(response.headers.get('access-control-allow-methods')).toBe('GET, HEAD, POST')
    expect(response.headers.get('access-control-allow-headers')).toBe(
      'authorization, content-type, if-none-match, if-modified-since, last-event-id, cache-control, x-requested-with, idempotency-key',
    )
    expect(Number(response.headers.get('access-control-max-age'))).toBeGreaterThan(0)
    expect(hub.stats.published).toBe(0)
  })

  test('an OPTIONS request that is no preflight is told the methods', async () => {
    const { url } = await serveChannels({ allowOrigins: [APP] })
    const { headers, status } = await fetch(url('/channel/a'), { method: 'OPTIONS', headers: { origin: APP } })
    expect([status, headers.get('allow')]).toEqual([204, 'GET, HEAD, POST, OPTIONS'])
    expect(headers.get('access-control-allow-methods')).toBeNull()
  })

  test('a preflight counts like any other request', async () => {
    const addressLimits = { maxRequestsPerSecond: 1, maxBurst: 2, exempt: [] }
    const { url } = await serveChannels({ allowOrigins: [APP], addressLimits })
    const init = { method: 'OPTIONS', headers: { origin: APP, ...preflight } }
    const statuses = [1, 2, 3].map(async () => (await fetch(url('/channel/a'), init)).status)
    expect((await Promise.all(statuses)).sort()).toEqual([204, 204, 429])
  })

  test('a preflight of another origin is refused', async () => {
    const { url } = await serveChannels({ allowOrigins: [APP] })
    const response = await fetch(url('/channel/a'), { method: 'OPTIONS', headers: { origin: EVIL, ...preflight } })
    expect(response.status).toBe(403)
    expect(response.headers.get('access-control-allow-origin')).toBeNull()
  })
})

describe('Host policy, against DNS rebinding', () => {
  const ask = async (port: number, host: string, head: readonly string[]): Promise<string> => {
    const raw = await connectRaw(port)
    raw.write('GET /channel/a HTTP/1.1', `Host: ${host}`, ...head)
    return (await raw.until(/\r\n\r\n/)).slice(9, 12)
  }
  const EVENTS = ['Accept: text/event-stream']

  test('on loopback only loopback names are answered, with any port', async () => {
    const { port } = await serveChannels()
    for (const host of ['localhost', 'LOCALHOST:1', `127.0.0.1:${port}`, '[::1]:80']) {
      expect([await ask(port, host, EVENTS), await ask(port, host, UPGRADE_HEAD)]).toEqual(['200', '101'])
    }
    for (const host of ['evil.example', `evil.example:${port}`, 'localhost.evil.example', '192.0.2.1']) {
      expect([await ask(port, host, EVENTS), await ask(port, host, UPGRADE_HEAD)]).toEqual(['403', '403'])
    }
  })

  test('allowHosts allows names besides those of loopback, and "any" allows all', async () => {
    const listed = await serveChannels({ allowHosts: ['push.example'] })
    expect(await ask(listed.port, 'push.example:8000', EVENTS)).toBe('200')
    expect(await ask(listed.port, 'localhost', EVENTS)).toBe('200')
    expect(await ask(listed.port, 'evil.example', UPGRADE_HEAD)).toBe('403')
    const any = await serveChannels({ allowHosts: 'any' })
    expect(await ask(any.port, 'evil.example', EVENTS)).toBe('200')
    expect(await ask(any.port, 'evil.example', UPGRADE_HEAD)).toBe('101')
  })

  test('the refusal says what to add where', async () => {
    const { port } = await serveChannels()
    const raw = await connectRaw(port)
    raw.write('GET /channel/a HTTP/1.1', 'Host: push.example', ...EVENTS)
    expect(await raw.until(/\n$/)).toMatch(/push\.example[\s\S]*allowHosts/)
  })
})

describe('an authorize that never decides', () => {
  test('is waited for as long as authorizeTimeoutMs, then whoever asked gets 503 and may come back', async () => {
    const { url, publish } = await serveChannels({ authorizeTimeoutMs: 50, authorize: () => new Promise(() => {}) })
    const asked = [
      publish('a', 'x'),
      fetch(url('/channel/a')),
      fetch(url('/channel/a'), { headers: { accept: 'text/event-stream' } }),
    ]
    for (const answer of await Promise.all(asked)) {
      expect(answer.status).toBe(503)
      expect(answer.headers.get('retry-after')).toBe('5')
      expect(await answer.text()).toContain('too long to decide')
    }
    const refused = await connectWebSocket(url('/channel/a')).catch((error: unknown) => error)
    expect(refused).toMatchObject({ status: 503 })
  })
})

describe('authorize', () => {
  test('is asked who wants to do what, with the request', async () => {
    const asked: [string, string, string | undefined][] = []
    const { url, publish } = await serveChannels({
      authorize: ({ action, channel, incoming }: ChannelRequest) => {
        asked.push([action, channel, incoming.headers.authorization])
        return true
      },
    })
    await publish('a/b', 'x')
    await openEvents(url('/channel/c'), { authorization: 'Bearer t' })
    await openSocket(url('/channel/d'))
    expect(asked).toEqual([
      ['publish', 'a/b', undefined],
      ['subscribe', 'c', 'Bearer t'],
      ['subscribe', 'd', undefined],
      ['publish', 'd', undefined],
    ])
  })

  test('false is 403 everywhere, and nothing happens', async () => {
    const { url, hub } = await serveChannels({ authorize: () => false })
    expect(await statuses(url, {})).toEqual(SHUT)
    expect(hub.stats).toMatchObject({ published: 0, subscriptions: 0 })
  })

  test('a refusal is the answer, with its headers and text', async () => {
    const { url, publish } = await serveChannels({
      authorize: () => refuse(401, 'Log in first', { 'www-authenticate': 'Bearer' }),
    })
    const response = await publish('a', 'x')
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
    expect(await response.text()).toBe('Log in first\n')
    await expect(openSocket(url('/channel/a'))).rejects.toMatchObject({ status: 401, body: 'Log in first' })
  })

  test('a promise is waited for', async () => {
    const decisions: ((decision: boolean) => void)[] = []
    const { url } = await serveChannels({
      authorize: () => new Promise<boolean>((resolve) => decisions.push(resolve)),
    })
    const post = fetch(url('/channel/a'), { method: 'POST', body: 'x' })
    while (decisions.length === 0) await new Promise((resolve) => setImmediate(resolve))
    decisions[0]?.(true)
    expect((await post).status).toBe(200)
  })

  test('a client that leaves while it is waited for is not subscribed', async () => {
    let decide: ((decision: boolean) => void) | undefined
    let left: Promise<unknown> | undefined
    const { port, hub, endpoint } = await serveChannels({
      authorize: ({ incoming }) => {
        left = new Promise((resolve) => incoming.socket.once('close', resolve))
        return new Promise<boolean>((resolve) => {
          decide = resolve
        })
      },
    })
    const raw = await connectRaw(port)
    raw.write('GET /channel/a HTTP/1.1', 'Host: localhost', 'Accept: text/event-stream')
    while (left === undefined) await new Promise((resolve) => setImmediate(resolve))
    raw.socket.destroy()
    await left
    decide?.(true)
    await new Promise((resolve) => setImmediate(resolve))
    expect(hub.stats.subscriptions).toBe(0)
    expect(endpoint.stats.sse.open).toBe(0)
  })

  test('one that throws is 500, and says nothing of why', async () => {
    const print = console.error
    console.error = () => {}
    try {
      const { url, publish } = await serveChannels({ authorize: () => Promise.reject(new Error('the secret')) })
      const response = await publish('a', 'x')
      expect(response.status).toBe(500)
      expect(await response.text()).not.toContain('secret')
      await expect(openSocket(url('/channel/a'))).rejects.toMatchObject({ status: 500 })
    } finally {
      console.error = print
    }
  })

  test('a socket that may read but not publish is closed with 1008 when it tries (RFC 6455 §7.4.1)', async () => {
    const { url, hub, endpoint } = await serveChannels({ authorize: ({ action }) => action === 'subscribe' })
    const { socket, next, closed } = await openSocket(url('/channel/a'))
    await untilSubscribed(hub, 1)
    await hub.publish('a', 'readable')
    expect(await next()).toBe('readable')
    socket.send('not allowed')
    expect(await closed).toMatchObject({ code: 1008, reason: expect.stringContaining('publish') })
    await untilSubscribed(hub, 0)
    expect(hub.stats.published).toBe(1)
    expect(endpoint.stats.webSocket.open).toBe(0)
  })
})

test('options out of range are ERR_OPTION and named', () => {
  const hub = createHub()
  for (const name of ['maxQueuedBytes', 'pingIntervalMs', 'bodyTimeoutMs', 'maxConnections']) {
    const create = () => new ChannelEndpoint(hub, { [name]: 0 })
    expect(create).toThrow(expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining(name) }))
  }
  expect(() => new ChannelEndpoint(hub, { allowOrigins: ['app.example.com'] })).toThrow(/allowOrigins/)
  expect(() => new ChannelEndpoint(hub, { trustedProxies: ['proxy.example'] })).toThrow(/trustedProxies/)
  expect(() => new ChannelEndpoint(hub, { addressLimits: { maxBurst: 0 } })).toThrow(/addressLimits.maxBurst/)
})
