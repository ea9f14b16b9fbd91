import { describe, expect, test } from 'vitest'
import { connectRaw } from '../support/raw-http.ts'
import { openSocket, serveChannels } from '../support/served-channels.ts'

const LONG_NAME = 'x'.repeat(300)
const EVENTS = { accept: 'text/event-stream' }

describe('a request that cannot be served is told why, and what to do', () => {
  test.each<[string, string, RequestInit, number, string]>([
    ['a name that is reserved', '/channel/__x', { method: 'POST', body: 'x' }, 400, 'reserved'],
    ['a name that is too long', `/channel/${LONG_NAME}`, { method: 'POST', body: 'x' }, 400, 'at most 255'],
    ['a name that is empty', '/channel/', { method: 'POST', body: 'x' }, 400, 'empty'],
    ['a name of two segments', '/channel/a/b', { headers: EVENTS }, 400, '%2F'],
    ['a name that is no UTF-8', '/channel/%ff', { headers: EVENTS }, 400, 'UTF-8'],
    ['a position that is none', '/channel/a?after=5', { headers: EVENTS }, 400, 'EPOCH:OFFSET'],
    ['an id that is none', '/channel/a', { headers: { ...EVENTS, 'last-event-id': '5' } }, 400, 'EPOCH:OFFSET'],
    ['text that is no UTF-8', '/channel/a', { method: 'POST', body: Uint8Array.of(255) }, 400, 'octet-stream'],
    [
      'JSON that is none',
      '/channel/a',
      { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } },
      400,
      'text/plain',
    ],
    ['a wait that is none', '/channel/a?wait=soon', {}, 400, '?wait=30'],
    ['a position of a poll that is none', '/channel/a?after=5', {}, 400, 'EPOCH:OFFSET'],
    ['PUT', '/channel/a', { method: 'PUT', body: 'x' }, 405, 'GET, HEAD, POST, OPTIONS'],
    ['DELETE', '/channel/a', { method: 'DELETE' }, 405, 'DELETE'],
  ])('%s', async (_what, path, init, status, text) => {
    const { url } = await serveChannels()
    const response = await fetch(url(path), init)
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(await response.text()).toContain(text)
  })

  test('405 names the methods in Allow (RFC 9110 §15.5.6)', async () => {
    const { url } = await serveChannels()
    const response = await fetch(url('/channel/a'), { method: 'PATCH' })
    expect(response.headers.get('allow')).toBe('GET, HEAD, POST, OPTIONS')
  })

  test.each([
    ['/channel/__x', 400, 'reserved'],
    ['/channel/a?after=5', 400, 'EPOCH:OFFSET'],
    ['/ws?channel=', 400, 'empty'],
  ])('also when it is an upgrade: %s', async (path, status, text) => {
    const { url } = await serveChannels()
    const refused = openSocket(url(path))
    await expect(refused).rejects.toMatchObject({ status, body: expect.stringContaining(text) })
  })

  test('paths beside ours are the application’s', async () => {
    const { url } = await serveChannels({}, (server) => {
      server.on('request', (_incoming, response) => response.writeHead(404).end('mine'))
    })
    for (const path of ['/', '/channel', '/channels/a', '/ws?channel=a']) {
      expect(await (await fetch(url(path), { headers: EVENTS })).text()).toBe('mine')
    }
  })
})

describe('a body above maxPublicationBytes is 413', () => {
  const chunked = (bytes: number): ReadableStream<Uint8Array> => {
    let left = bytes
    return new ReadableStream({
      pull(controller) {
        if (left <= 0) return controller.close()
        controller.enqueue(new Uint8Array(Math.min(left, 50_000)))
        left -= 50_000
      },
    })
  }

  test.each<[string, () => BodyInit]>([
    ['a little above', () => 'x'.repeat(1001)],
    ['far above', () => 'x'.repeat(5_000_000)],
    ['of unknown length', () => chunked(100_000)],
    ['of unknown length, far above', () => chunked(5_000_000)],
  ])('%s, and the answer arrives', async (_what, body) => {
    const { url, hub } = await serveChannels({ maxPublicationBytes: 1000 })
    const init = { method: 'POST', body: body(), duplex: 'half' } as RequestInit
    const response = await fetch(url('/channel/a'), init)
    expect(response.status).toBe(413)
    expect(await response.text()).toContain('maxPublicationBytes')
    expect(hub.stats.published).toBe(0)
  })

  test('and what follows on the connection is not taken for a request', async () => {
    const { port } = await serveChannels({ maxPublicationBytes: 10 })
    const raw = await connectRaw(port)
    const smuggled = 'POST /channel/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi'
    raw.write('POST /channel/a HTTP/1.1', 'Host: localhost', `Content-Length: ${smuggled.length}`)
    raw.socket.write(smuggled)
    await raw.until(/413 /)
    raw.write('OPTIONS /channel/a HTTP/1.1', 'Host: localhost', 'Connection: close')
    await raw.closed
    expect(raw.text()).not.toContain('200 OK')
  })

  test('exactly maxPublicationBytes are published', async () => {
    const { publish } = await serveChannels({ maxPublicationBytes: 1000 })
    expect((await publish('a', 'x'.repeat(1000))).status).toBe(200)
  })

  test('a WebSocket message above it is closed with 1009 (RFC 6455 §7.4.1)', async () => {
    const { url } = await serveChannels({ maxPublicationBytes: 1000 })
    const { socket, closed } = await openSocket(url('/channel/a'))
    socket.send('x'.repeat(1001))
    expect(await closed).toMatchObject({ code: 1009 })
  })
})

test('a client that leaves in the middle of its body is no failure of the server', async () => {
  const errors: unknown[] = []
  const print = console.error
  console.error = (...what) => errors.push(what)
  try {
    const { port, url, publish } = await serveChannels()
    const raw = await connectRaw(port)
    raw.write('POST /channel/a HTTP/1.1', 'Host: localhost', 'Content-Length: 100', 'Expect: 100-continue')
    await raw.until(/100 Continue/)
    raw.socket.write('half of')
    raw.socket.destroy()
    await raw.closed
    expect((await publish('a', 'next')).status).toBe(200)
    await fetch(url('/channel/a'))
    expect(errors).toEqual([])
  } finally {
    console.error = print
  }
})

describe('Upgrade without Sec-WebSocket-Key is ignored: the request is served as a plain one (RFC 9110 §7.8)', () => {
  const answered = /HTTP\/1\.1 200 OK[\s\S]*"offset":1/

  test('Upgrade: websocket on everything, as a common nginx block sends it', async () => {
    const { port } = await serveChannels()
    const raw = await connectRaw(port)
    raw.write(
      'POST /channel/a HTTP/1.1',
      'Host: localhost',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Content-Length: 2',
      '',
      'hi',
    )
    expect(await raw.until(answered)).not.toContain('101')
  })

  test('Upgrade: h2c, as some HTTP clients send it', async () => {
    const { port, hub } = await serveChannels()
    const raw = await connectRaw(port)
    const head = ['Host: localhost', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk']
    raw.write('GET /channel/a HTTP/1.1', ...head, 'Accept: text/event-stream')
    await raw.until(/: live, 0 recovered/)
    await hub.publish('a', 'to the stream')
    await raw.until(/data: to the stream/)
  })

  test('with a body that comes later, in pieces', async () => {
    const { port, hub } = await serveChannels()
    const raw = await connectRaw(port)
    const head = ['Host: localhost', 'Connection: upgrade', 'Upgrade: websocket', 'Content-Length: 6']
    raw.write('POST /channel/a HTTP/1.1', ...head, 'Expect: 100-continue')
    await raw.until(/100 Continue/)
    raw.socket.write('abc')
    raw.socket.write('def')
    await raw.until(answered)
    expect((await hub.publish('a', 1)).position?.offset).toBe(2)
  })

  test('several on one connection, one after the other', async () => {
    const warnings: unknown[] = []
    process.on('warning', (warning) => warnings.push(warning))
    const { port, hub } = await serveChannels()
    const raw = await connectRaw(port)
    const request = 'POST /channel/a HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
    for (let i = 1; i <= 15; i++) {
      raw.socket.write(`${request}Content-Length: 1\r\n\r\n${i % 10}`)
      await raw.until(new RegExp(`"offset":${i},`))
    }
    expect(hub.stats.published).toBe(15)
    await new Promise((resolve) => setImmediate(resolve))
    expect(warnings).toEqual([])
  })

  test('and a WebSocket still opens on a connection that served such a request', async () => {
    const { port } = await serveChannels()
    const raw = await connectRaw(port)
    const head = ['Host: localhost', 'Connection: Upgrade', 'Upgrade: websocket']
    raw.write('OPTIONS /channel/a HTTP/1.1', ...head)
    await raw.until(/204 No Content/)
    const key = ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13']
    raw.write('GET /channel/a HTTP/1.1', ...head, ...key)
    expect(await raw.until(/101 Switching/)).toContain('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
  })
})
