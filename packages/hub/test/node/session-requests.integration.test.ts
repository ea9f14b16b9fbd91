import { Tickets } from '@wigwag/hub/node'
import { describe, expect, test } from 'vitest'
import { connectRaw } from '../support/raw-http.ts'
import { serveChannels } from '../support/served-channels.ts'
import { openSessionStream, openStreamOf, type SessionStreamName, sendTo } from '../support/session-streams.ts'

const CONNECT = '{"id":1,"connect":{}}'

describe.each<SessionStreamName>(['http_stream', 'sse'])('a session over %s', (name) => {
  test('is connected by its first request, and told the rest at /emulation', async () => {
    const { hub, origin } = await serveChannels({ namespaces: { '': { publish: 'subscriber' } } })
    const stream = await openSessionStream(origin, name)
    expect([...hub.sessions].map(({ transport }) => transport)).toEqual([name])
    expect((await sendTo(origin, stream.address, '{"id":2,"subscribe":{"channel":"a"}}')).status).toBe(204)
    await stream.until((packets) => packets.length === 2)
    await sendTo(origin, stream.address, '{"id":3,"publish":{"channel":"a","data":1}}\n{"id":4,"ping":{}}')
    await stream.until((packets) => packets.length === 5)
    expect(stream.packets.slice(1)).toEqual(
      expect.arrayContaining([
        { id: 2, subscribe: expect.anything() },
        { id: 3, publish: {} },
        { id: 4, ping: {} },
        { push: { channel: 'a', pub: expect.objectContaining({ data: 1, offset: 1 }) } },
      ]),
    )
  })

  test('ends when the client leaves, and what is sent to it from then on is told so', async () => {
    const { hub, origin } = await serveChannels()
    const stream = await openSessionStream(origin, name)
    stream.leave()
    await hub.sessions.emptied()
    expect((await sendTo(origin, stream.address, '{}')).status).toBe(204)
  })

  test('is told why it ends, whether to come back, and when', async () => {
    const { hub, origin } = await serveChannels()
    const stream = await openSessionStream(origin, name)
    const draining = hub.drain({ overMs: 0 })
    await stream.ended
    expect(stream.packets.at(-1)).toMatchObject({
      push: { disconnect: { code: 3001, reason: 'shutdown', reconnect: true } },
    })
    await draining
    expect((await openStreamOf(origin, name, CONNECT)).status).toBe(503)
  })

  test('ends with an error in the reply to connect: there is no way to try again on it', async () => {
    const { origin, hub } = await serveChannels({ authenticate: () => ({ user: '', expiresAt: 1 }) })
    const stream = await openSessionStream(origin, name)
    await stream.ended
    expect(stream.packets).toMatchObject([{ id: 1, error: { code: 110 } }, { push: { disconnect: { code: 3000 } } }])
    expect(hub.sessions.stats.open).toBe(0)
  })

  test('takes a ticket, once', async () => {
    const tickets = new Tickets()
    const { origin, hub } = await serveChannels({ tickets, authenticate: () => ({ user: 'nobody' }) })
    const query = `ticket=${await tickets.issue({ user: 'ann' })}`
    await openSessionStream(origin, name, { query })
    expect(hub.sessions.ofUser('ann').length).toBe(1)
    const again = await openSessionStream(origin, name, { query })
    await again.ended
    expect(again.packets).toMatchObject([{ push: { disconnect: { code: 3500, reconnect: false } } }])
  })

  test('a client that does not answer pings is told 3012', async () => {
    const { origin } = await serveChannels({ sessions: { pingIntervalMs: 1000, pongTimeoutMs: 500 } })
    const stream = await openSessionStream(origin, name)
    await stream.ended
    expect(stream.packets.slice(1)).toMatchObject([{}, { push: { disconnect: { code: 3012, reconnect: true } } }])
  })

  test('is as open to pages of other origins as it is said to be', async () => {
    const { origin } = await serveChannels({ allowOrigins: ['https://shop.example'] })
    const from = (page: string) => openStreamOf(origin, name, CONNECT, { headers: { origin: page } })
    const allowed = await from('https://shop.example')
    expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([200, 'https://shop.example'])
    expect(allowed.headers.get('access-control-allow-credentials')).toBe('true')
    expect((await from('https://evil.example')).status).toBe(403)
  })

  test('comes in only as long as there is room: 503, and when to try again', async () => {
    const { origin } = await serveChannels({ sessions: { maxSessions: 1 } })
    await openSessionStream(origin, name)
    const refused = await openStreamOf(origin, name, CONNECT)
    expect([refused.status, Number(refused.headers.get('retry-after'))]).toEqual([503, expect.any(Number)])
  })
})

describe('what a session over plain HTTP begins with', () => {
  test('is one connect command in a GET, which links and images of any page can make a browser send', async () => {
    const { origin } = await serveChannels()
    const publish = `${CONNECT}\n{"id":2,"publish":{"channel":"a","data":1}}`
    for (const text of ['', 'x', '{}', '{"id":1,"rpc":{"method":"x"}}', '{"id":1,"connect":7}', publish]) {
      expect((await openStreamOf(origin, 'sse', text)).status, text).toBe(400)
    }
  })

  test.each([
    ['nothing', '', 'bad request: an empty message'],
    ['no JSON', 'x', 'bad request: a line that is no JSON'],
    ['something else than connect', '{"id":1,"ping":{}}', 'bad request'],
  ])('%s in a POST is told 3501', async (_what, text, reason) => {
    const { origin } = await serveChannels()
    const stream = await openSessionStream(origin, 'http_stream', { text })
    await stream.ended
    expect(stream.packets).toEqual([{ push: { disconnect: { code: 3501, reason, reconnect: false } } }])
  })

  test('is bounded, and UTF-8', async () => {
    const { url } = await serveChannels({ maxSessionRequestBytes: 100 })
    const post = async (path: string, body: string | Uint8Array<ArrayBuffer>): Promise<number> =>
      (await fetch(url(path), { method: 'POST', body })).status
    for (const path of ['/connection/http_stream', '/emulation']) {
      expect(await post(path, 'x'.repeat(101))).toBe(413)
      expect(await post(path, new Uint8Array([0xff]))).toBe(415)
    }
  })

  test('comes with commands behind it in a POST', async () => {
    const { origin } = await serveChannels()
    const stream = await openSessionStream(origin, 'http_stream', { text: `${CONNECT}\n{"id":2,"ping":{}}` })
    await stream.until((packets) => packets.length === 2)
    expect(stream.packets[1]).toEqual({ id: 2, ping: {} })
  })
})

describe('/emulation', () => {
  test('takes nothing for who does not have the address', async () => {
    const { origin, hub } = await serveChannels()
    const { address } = await openSessionStream(origin, 'http_stream')
    const [name = '', secret = ''] = address.session.split('.')
    const guesses = [
      name,
      `${name}.`,
      `${name}.${secret.slice(1)}`,
      `${name}.${secret}0`,
      `${name}.${'0'.repeat(secret.length)}`,
      `.${secret}`,
      secret,
      '',
      '.',
      `x.${secret}`,
      `${name}.${name}`,
    ]
    for (const session of guesses) {
      expect((await sendTo(origin, { ...address, session }, 'x')).status, session).toBe(404)
    }
    expect(hub.sessions.stats.open).toBe(1)
    expect(secret).toMatch(/^[\da-f-]{36}$/)
  })

  test.each(['', 'x', '[]', 'null', '7', '{}', '{"node":"a","session":"b"}', '{"node":"a","session":"b","data":{}}'])(
    'refuses %s with 400',
    async (body) => {
      const { url } = await serveChannels()
      expect((await fetch(url('/emulation'), { method: 'POST', body })).status).toBe(400)
    },
  )

  test('says which methods there are, and lets pages of allowed origins ask', async () => {
    const { url } = await serveChannels({ allowOrigins: ['https://shop.example'] })
    const allow = async (path: string, method: string): Promise<unknown> => {
      const { status, headers } = await fetch(url(path), { method })
      return [status, headers.get('allow')]
    }
    expect(await allow('/emulation', 'GET')).toEqual([405, 'POST, OPTIONS'])
    expect(await allow('/connection/sse', 'POST')).toEqual([405, 'GET, OPTIONS'])
    expect(await allow('/connection/http_stream', 'OPTIONS')).toEqual([204, 'POST, OPTIONS'])
    const preflight = await fetch(url('/emulation'), {
      method: 'OPTIONS',
      headers: {
        origin: 'https://shop.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    })
    expect(preflight.headers.get('access-control-allow-headers')).toContain('content-type')
  })
})

describe('HTTP as it is written', () => {
  const body = CONNECT

  test('1.0: the stream goes on until the connection ends', async () => {
    const { port, hub } = await serveChannels()
    const raw = await connectRaw(port)
    raw.write('POST /connection/http_stream HTTP/1.0', `Content-Length: ${body.length}`)
    raw.socket.write(body)
    const text = await raw.until(/"session"/)
    expect(text).toContain('HTTP/1.1 200')
    expect(text).not.toContain('Transfer-Encoding')
    for (const session of hub.sessions) session.disconnect()
    await raw.closed
    expect(raw.text()).toContain('"code":3503')
  })

  test('a body in chunks, and one that waits for 100 Continue', async () => {
    const { port } = await serveChannels()
    const chunked = await connectRaw(port)
    chunked.write('POST /connection/http_stream HTTP/1.1', 'Host: localhost', 'Transfer-Encoding: chunked')
    for (const byte of body) chunked.socket.write(`1\r\n${byte}\r\n`)
    chunked.socket.write('0\r\n\r\n')
    await chunked.until(/"session"/)
    const waiting = await connectRaw(port)
    waiting.write(
      'POST /connection/http_stream HTTP/1.1',
      'Host: localhost',
      'Expect: 100-continue',
      `Content-Length: ${body.length}`,
    )
    await waiting.until(/100 Continue/)
    waiting.socket.write(body)
    await waiting.until(/"session"/)
  })

  test('a stream behind another one on its connection waits for it, and is no session before', async () => {
    const { port, hub } = await serveChannels()
    const raw = await connectRaw(port)
    const post = ['POST /connection/http_stream HTTP/1.1', 'Host: localhost', `Content-Length: ${body.length}`]
    raw.write(...post)
    raw.socket.write(body)
    raw.write(...post)
    raw.socket.write(body)
    await raw.until(/"session"/)
    expect(hub.sessions.stats.open).toBe(1)
    raw.socket.destroy()
    await hub.sessions.emptied()
  })

  test('connections are used again for what is sent', async () => {
    const { port, origin } = await serveChannels()
    const { address } = await openSessionStream(origin, 'http_stream')
    const raw = await connectRaw(port)
    const sent = JSON.stringify({ ...address, data: '{}' })
    for (let n = 1; n <= 3; n++) {
      raw.write('POST /emulation HTTP/1.1', 'Host: localhost', `Content-Length: ${sent.length}`)
      raw.socket.write(sent)
      await raw.until(new RegExp(`(204 No Content[^]*){${n}}`))
    }
  })
})
