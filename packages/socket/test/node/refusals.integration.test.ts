import type { Socket } from 'node:net'
import { WebSocketServer } from '@wigwag/socket'
import { describe, expect, test } from 'vitest'
import { attachServer, openServer } from './support/open-server.ts'
import {
  RawPeer,
  type RequestFields,
  requestHead,
  SAMPLE_ACCEPT,
  SAMPLE_KEY,
  upgradeRequest,
} from './support/raw-peer.ts'

async function answerTo(port: number, request: string): Promise<RawPeer> {
  const peer = await RawPeer.connect(port)
  peer.write(request)
  await peer.until(() => peer.ended || peer.status === 101)
  return peer
}

test('§4.2.2 a proper request is answered with 101 and the accept of its key', async () => {
  const { port } = await openServer({ subprotocols: ['chat'] })
  const peer = await answerTo(port, upgradeRequest({ 'Sec-WebSocket-Protocol': 'super, chat' }))
  expect(peer.head?.split('\r\n')).toEqual([
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${SAMPLE_ACCEPT}`,
    'Sec-WebSocket-Protocol: chat',
  ])
})

test.each([
  ['lower and mixed case', { Upgrade: undefined, upgrade: 'WebSocket', Connection: undefined, connection: 'upgrade' }],
  ['further options', { Upgrade: 'h2c, websocket', Connection: 'keep-alive, Upgrade' }],
  ['an extension nobody speaks', { 'Sec-WebSocket-Extensions': 'x-foo; a="b", constructor' }],
] as [string, RequestFields][])('§4.2.1 a request with %s is accepted', async (_what, fields) => {
  const { port } = await openServer()
  const peer = await answerTo(port, upgradeRequest(fields))
  expect(peer.status).toBe(101)
  expect(peer.header('sec-websocket-extensions')).toBeUndefined()
})

describe('§4.2.1 a malformed opening handshake gets its HTTP status over the wire', () => {
  const refused: [string, number, RegExp, RequestFields, string?][] = [
    ['a method other than GET', 405, /GET, not PUT/, {}, 'PUT / HTTP/1.1'],
    ['HTTP/1.0', 400, /HTTP\/1\.1/, { Connection: 'Upgrade' }, 'GET / HTTP/1.0'],
    ['a malformed Host', 400, /Host/, { Host: 'a b' }],
    ['an Upgrade to something else', 426, /Upgrade/, { Upgrade: 'h2c' }],
    ['no version', 400, /Version header is missing/, { 'Sec-WebSocket-Version': undefined }],
    ['version 8', 426, /must be 13/, { 'Sec-WebSocket-Version': '8' }],
    ['two versions', 400, /more than one/, { 'Sec-WebSocket-Version': ['13', '8'] }],
    ['an empty key', 400, /Sec-WebSocket-Key/, { 'Sec-WebSocket-Key': '' }],
    ['a key of 15 bytes', 400, /16 bytes/, { 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAA' }],
    ['two keys', 400, /more than one/, { 'Sec-WebSocket-Key': [SAMPLE_KEY, SAMPLE_KEY] }],
    ['a malformed subprotocol', 400, /Protocol/, { 'Sec-WebSocket-Protocol': 'a b' }],
    ['a malformed extension', 400, /Extensions/, { 'Sec-WebSocket-Extensions': 'a; b="' }],
    ['a body', 400, /body/, { 'Content-Length': '5' }],
    ['a chunked body', 400, /body/, { 'Transfer-Encoding': 'chunked' }],
    ['two origins', 400, /Origin/, { Origin: ['http://localhost', 'http://evil.example'] }],
  ]
  test.each(refused)('%s: %i', async (_what, status, message, fields, requestLine) => {
    const { server, port, log } = await openServer()
    const peer = await answerTo(port, upgradeRequest(fields, requestLine))
    expect(peer.status).toBe(status)
    expect(peer.body).toMatch(message)
    expect(peer.header('connection')).toBe('close')
    if (status === 426) {
      expect(peer.header('upgrade')).toBe('websocket')
      expect(peer.header('sec-websocket-version')).toBe('13')
    }
    if (status === 405) expect(peer.header('allow')).toBe('GET')
    expect(server.stats).toEqual({ open: 0, accepted: 0, refused: 1, dropped: 0 })
    expect(log.events).toEqual([])
  })

  test('the answer to a HEAD has no body, which would be taken for the next answer (RFC 9110 §9.3.2)', async () => {
    const { port } = await openServer()
    const peer = await answerTo(port, upgradeRequest({}, 'HEAD / HTTP/1.1'))
    expect([peer.status, Number(peer.header('content-length')) > 0, peer.body]).toEqual([405, true, ''])
  })

  test('no Host at all: 400', async () => {
    const { port } = await openServer()
    expect((await answerTo(port, upgradeRequest({ Host: undefined }))).status).toBe(400)
  })

  test('a head above maxHeaderBytes: 431', async () => {
    const { port } = await openServer({ maxHeaderBytes: 2000 })
    expect((await answerTo(port, upgradeRequest({ 'X-Large': 'x'.repeat(3000) }))).status).toBe(431)
  })

  test('a head that never ends: 408 after handshakeTimeoutMs', async () => {
    const { port } = await openServer({ handshakeTimeoutMs: 200 })
    const peer = await answerTo(port, 'GET / HTTP/1.1\r\nHost: localhost\r\n')
    expect(peer.status).toBe(408)
  })
})

describe('an Origin that is not let in gets 403 with both values and the fix', () => {
  test.each([
    ['another host', 'http://evil.example'],
    ['another port', 'http://localhost:9999'],
    ['null, as of a sandboxed page', 'null'],
    ['a look-alike suffix', 'http://notlocalhost'],
  ])('%s', async (_what, origin) => {
    const { port } = await openServer()
    const peer = await answerTo(port, upgradeRequest({ Host: `localhost:${port}`, Origin: origin }))
    expect(peer.status).toBe(403)
    expect(peer.body).toContain(JSON.stringify(origin))
    expect(peer.body).toContain(`"localhost:${port}"`)
    expect(peer.body).toMatch(/allowOrigins.*--allow-origin/)
  })

  test.each([
    ['the same origin', 'same-origin', (port: number) => `http://localhost:${port}`],
    ['one of allowOrigins', ['https://app.example'], () => 'https://app.example'],
    ['any, with any', 'any', () => 'http://evil.example'],
    ['none: no web page asks', 'same-origin', () => undefined],
  ] as const)('%s is let in', async (_what, allowOrigins, originOf) => {
    const { port } = await openServer({ allowOrigins })
    const peer = await answerTo(port, upgradeRequest({ Host: `localhost:${port}`, Origin: originOf(port) }))
    expect(peer.status).toBe(101)
  })
})

describe('on loopback only loopback names are served, against DNS rebinding', () => {
  test.each(['localhost', 'LOCALHOST:80', '127.0.0.1', '[::1]:8080'])('Host %s: 101', async (host) => {
    const { port } = await openServer()
    expect((await answerTo(port, upgradeRequest({ Host: host }))).status).toBe(101)
  })

  test.each(['rebound.example', 'localhost.evil.example', '127.0.0.1.nip.io:80', '10.0.0.1'])(
    'Host %s: 403 with the value and the fix',
    async (host) => {
      const { port } = await attachServer()
      const peer = await answerTo(port, upgradeRequest({ Host: host }))
      expect(peer.status).toBe(403)
      expect(peer.body).toContain(JSON.stringify(host))
      expect(peer.body).toMatch(/localhost, 127\.0\.0\.1, \[::1\].*allowHosts \(--allow-host\)/)
    },
  )

  test('allowHosts adds names; any lets every name in; off loopback every name is in', async () => {
    const listed = await openServer({ allowHosts: ['Dev.Example'] })
    expect((await answerTo(listed.port, upgradeRequest({ Host: 'dev.example:1' }))).status).toBe(101)
    expect((await answerTo(listed.port, upgradeRequest({ Host: 'localhost' }))).status).toBe(101)
    expect((await answerTo(listed.port, upgradeRequest({ Host: 'other.example' }))).status).toBe(403)
    const any = await openServer({ allowHosts: 'any' })
    expect((await answerTo(any.port, upgradeRequest({ Host: 'other.example' }))).status).toBe(101)
    const everywhere = await openServer({}, '0.0.0.0')
    expect((await answerTo(everywhere.port, upgradeRequest({ Host: 'other.example' }))).status).toBe(101)
  })
})

test('RFC 9112 §3.2.2 the absolute form of the request-target is served, also under a path', async () => {
  const { port, log } = await attachServer({ path: '/chat' })
  const peer = await answerTo(port, upgradeRequest({}, 'GET http://localhost/chat?a=1 HTTP/1.1'))
  expect(peer.status).toBe(101)
  expect((await log.next('open')).socket.target).toBe('/chat?a=1')
})

test('handleUpgrade without a server answers a request that is no handshake with 400', async () => {
  const own = new WebSocketServer()
  const { port } = await attachServer(
    { path: '/elsewhere' },
    {
      before: (http) =>
        http.on('upgrade', (incoming, socket, head) => own.handleUpgrade(incoming, socket as Socket, head)),
    },
  )
  const plain = await answerTo(
    port,
    requestHead('GET / HTTP/1.1', { Host: 'a', Upgrade: 'websocket', Connection: 'upgrade' }),
  )
  expect(plain.status).toBe(400)
  const upgraded = await answerTo(port, upgradeRequest({ Host: 'any.example' }))
  expect(upgraded.status).toBe(101)
  expect(own.sockets.size).toBe(1)
  own.terminate()
})

test('a server may take longer for handshakes than Node allows a request by default', async () => {
  const { port } = await openServer({ handshakeTimeoutMs: 600_000 })
  expect((await RawPeer.upgrade(port)).status).toBe(101)
})
