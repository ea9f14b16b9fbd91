import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { connectWebSocket, refuse, UpgradeRefusedError } from '@wigwag/socket'
import { encodeUpgradeResponse } from '@wigwag/socket/core'
import { concatBytes, frameBytes } from '@wigwag/socket/testing'
import { describe, expect, test } from 'vitest'
import { LOCALHOST_CERTIFICATE } from './support/localhost-certificate.ts'
import { attachServer, openClient, openServer } from './support/open-server.ts'
import { accepted, drip, openRaw } from './support/raw-server.ts'

test('§4.1 the request has the fields it must have, those of the caller, and target and Host of the URL', async () => {
  let request = ''
  const url = await openRaw((socket, head, key) => {
    request = head
    socket.end(accepted(key, 'Sec-WebSocket-Protocol: b\r\n'))
  })
  const socket = await connectWebSocket(`${url}/a/b%20c?d=e&f`, {
    subprotocols: ['a', 'b'],
    headers: { Authorization: 'Bearer x', Origin: 'http://o.example' },
  })
  expect(socket.protocol).toBe('b')
  const lines = request.split('\r\n')
  expect(lines[0]).toBe('GET /a/b%20c?d=e&f HTTP/1.1')
  expect(lines.slice(1)).toEqual([
    `Host: ${url.slice(5)}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    expect.stringMatching(/^Sec-WebSocket-Key: [A-Za-z0-9+/]{22}==$/),
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Protocol: a,b',
    'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=12; client_max_window_bits=12, permessage-deflate; client_max_window_bits=12',
    'Authorization: Bearer x',
    'Origin: http://o.example',
    '',
    '',
  ])
})

test('RFC 9110 §15.2 interim answers before the 101 are passed over', async () => {
  const url = await openRaw((socket, _head, key) => {
    socket.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n')
    socket.write(accepted(key))
    socket.end(frameBytes({ opcode: 1, payload: 'here' }))
  })
  const client = await openClient(url)
  expect(await client.log.next('message')).toMatchObject({ data: 'here' })
})

test.each([
  ['at once', (socket: Socket, text: string) => socket.write(text.repeat(10_000))],
  ['one by one', (socket: Socket, text: string) => drip(socket, text.repeat(20), text.length)],
])('interim answers without end are given up after 16 of them, sent %s', async (_how, send) => {
  const url = await openRaw((socket) => send(socket, 'HTTP/1.1 100 Continue\r\n\r\n'))
  const connecting = connectWebSocket(url, { handshakeTimeoutMs: 5000 })
  await expect(connecting).rejects.toMatchObject({ code: 'ERR_HANDSHAKE_HEAD' })
  await expect(connecting).rejects.toThrow(/more than 16 interim answers/)
})

test('an answer that comes one byte at a time, each in time, is given up after handshakeTimeoutMs all the same', async () => {
  let sent = 0
  const url = await openRaw((socket) => {
    const next = (): void =>
      void socket.write(sent++ === 0 ? 'HTTP/1.1 101 X\r\nX: ' : 'x', (error) => error ?? setTimeout(next, 20))
    next()
  })
  const connecting = connectWebSocket(url, { handshakeTimeoutMs: 300 })
  await expect(connecting).rejects.toMatchObject({ code: 'ERR_HANDSHAKE_TIMEOUT' })
  expect(sent).toBeGreaterThan(2)
})

test('§4.1 frames right behind the 101, and a head in single bytes, are read', async () => {
  const url = await openRaw((socket, _head, key) => {
    const bytes = concatBytes(
      Buffer.from(encodeUpgradeResponse({ key, subprotocols: [], extensions: [] })),
      frameBytes({ opcode: 1, payload: 'at once' }),
    )
    drip(socket, bytes, 1)
  })
  const { log } = await openClient(url)
  await log.next('message')
  expect(log.types).toEqual(['open', 'message'])
  expect(log.messages).toEqual(['at once'])
})

describe('rejects', () => {
  test('with status, headers and body when the server refuses', async () => {
    const { url } = await openServer({
      authorize: () => refuse(401, 'Log in first.', { 'www-authenticate': 'Bearer' }),
    })
    const error = (await connectWebSocket(url).catch((reason: unknown) => reason)) as UpgradeRefusedError
    expect(error).toBeInstanceOf(UpgradeRefusedError)
    expect(error).toMatchObject({ code: 'ERR_HANDSHAKE_REFUSED', status: 401, body: 'Log in first.' })
    expect(error.response.headers.get('www-authenticate')).toBe('Bearer')
    expect(error.message).toContain('401 Unauthorized')
    expect(error.message).toContain('Log in first.')
  })

  test.each([
    ['whole', '5\r\nno gr\r\n6;ext=1\r\nüße!\r\n0\r\n\r\n', 'no grüße!'],
    ['cut off', '20\r\nnot her', 'not her'],
    ['none', 'what?', ''],
    ['a size too large', 'fffffffff\r\nx', ''],
  ])('with the body of a refusal in chunks: %s', async (_what, chunks, body) => {
    const url = await openRaw((socket) =>
      socket.end(`HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`),
    )
    await expect(connectWebSocket(url)).rejects.toMatchObject({ status: 404, body })
  })

  test.each([200, 301, 302, 307, 407, 500])(
    'a status %i: it is not followed, and names where it leads',
    async (status) => {
      const url = await openRaw((socket) =>
        socket.end(`HTTP/1.1 ${status} Whatever\r\nLocation: ws://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n`),
      )
      const error = (await connectWebSocket(url).catch((reason: unknown) => reason)) as UpgradeRefusedError
      expect(error).toMatchObject({ name: 'UpgradeRefusedError', status, body: '' })
      expect(error.response.headers.get('location')).toBe('ws://127.0.0.1:1/')
    },
  )

  test.each([
    ['a wrong accept', (key: string) => accepted(`${key}x`), /Sec-WebSocket-Accept/],
    ['no accept', () => 'HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n', /Accept/],
    ['no Upgrade', (key: string) => accepted(key).replace('Upgrade: websocket', 'X: y'), /Upgrade/],
    ['no Connection', (key: string) => accepted(key).replace('Connection: Upgrade', 'X: y'), /Connection/],
    ['HTTP/1.0', (key: string) => accepted(key).replace('HTTP/1.1', 'HTTP/1.0'), /HTTP\/1\.0/],
    ['a subprotocol not asked for', (key: string) => accepted(key, 'Sec-WebSocket-Protocol: z\r\n'), /"z"/],
    ['an extension not asked for', (key: string) => accepted(key, 'Sec-WebSocket-Extensions: x\r\n'), /not offered/],
  ])('§4.1 a 101 with %s', async (_what, answer, message) => {
    const url = await openRaw((socket, _head, key) => socket.write(answer(key)))
    const connecting = connectWebSocket(url, { subprotocols: ['a'] })
    await expect(connecting).rejects.toMatchObject({ code: 'ERR_HANDSHAKE_RESPONSE', name: 'ProtocolError' })
    await expect(connecting).rejects.toThrow(message)
  })

  test.each([
    ['something that is no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n\r\n', 'ERR_HANDSHAKE_HEAD'],
    ['a head above maxHeaderBytes', `HTTP/1.1 101 X\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 'ERR_HANDSHAKE_HEAD'],
    ['nothing, and closes', '', 'ERR_TRANSPORT'],
  ])('a server that says %s', async (_what, answer, code) => {
    const url = await openRaw((socket) => socket.end(answer))
    await expect(connectWebSocket(url)).rejects.toMatchObject({ code })
  })

  test('nobody listening, and a name that does not exist', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    await expect(connectWebSocket(`ws://127.0.0.1:${port}`)).rejects.toMatchObject({
      code: 'ERR_TRANSPORT',
      message: expect.stringContaining('ECONNREFUSED'),
      cause: { code: 'ECONNREFUSED' },
    })
    await expect(connectWebSocket('ws://no-such-name.invalid')).rejects.toMatchObject({ code: 'ERR_TRANSPORT' })
  })

  test('a server that never answers, after handshakeTimeoutMs; the connection is dropped', async () => {
    let gone: (() => void) | undefined
    const left = new Promise<void>((resolve) => {
      gone = resolve
    })
    const url = await openRaw((socket) => socket.on('close', () => gone?.()))
    const connecting = connectWebSocket(url, { handshakeTimeoutMs: 50 })
    await expect(connecting).rejects.toMatchObject({ code: 'ERR_HANDSHAKE_TIMEOUT', name: 'TransportError' })
    await left
  })
})

describe('an AbortSignal', () => {
  test.each([
    ['an error', new Error('enough')],
    ['a string', 'enough'],
    ['nothing', undefined],
  ])('aborted with %s before connecting rejects with its reason', async (_what, reason) => {
    const signal = AbortSignal.abort(reason)
    await expect(connectWebSocket('ws://127.0.0.1:1', { signal })).rejects.toBe(signal.reason)
  })

  test.each([
    ['an error', new Error('enough')],
    ['a string', 'enough'],
  ])('aborted with %s while connecting rejects with its reason and drops the connection', async (_what, reason) => {
    const abort = new AbortController()
    let gone: (() => void) | undefined
    const left = new Promise<void>((resolve) => {
      gone = resolve
    })
    const url = await openRaw((socket) => {
      socket.on('close', () => gone?.())
      abort.abort(reason)
    })
    await expect(connectWebSocket(url, { signal: abort.signal })).rejects.toBe(reason)
    await left
  })

  test('has no effect on an open socket', async () => {
    const { url, log } = await openServer()
    const abort = new AbortController()
    const { socket } = await openClient(url, { signal: abort.signal })
    abort.abort()
    socket.send('still here')
    await log.next('message')
  })
})

describe('throws at once, before any connection, for', () => {
  test.each([
    ['no URL', 'nonsense', /is no URL/],
    ['another scheme', 'ftp://localhost/', /ws: or wss:/],
    ['§3 a fragment', 'ws://localhost/#top', /fragment/],
    ['credentials', 'ws://me:secret@localhost/', /authorization/],
  ])('a URL that is %s', (_what, url, message) => {
    const connect = (): unknown => connectWebSocket(url)
    expect(connect).toThrow(message)
    expect(connect).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT', name: 'UsageError' }))
  })

  test.each([
    [{ subprotocols: ['a b'] }, 'ERR_ARGUMENT'],
    [{ subprotocols: ['a', 'a'] }, 'ERR_ARGUMENT'],
    [{ headers: { 'x-y': 'a\r\nInjected: b' } }, 'ERR_ARGUMENT'],
    [{ headers: { 'Sec-WebSocket-Key': 'mine' } }, 'ERR_ARGUMENT'],
    [{ handshakeTimeoutMs: 0 }, 'ERR_OPTION'],
    [{ maxHeaderBytes: -1 }, 'ERR_OPTION'],
    [{ maxQueuedBytes: 10, highWaterMarkBytes: 11 }, 'ERR_OPTION'],
    [{ slowReader: 'wait' as 'drop' }, 'ERR_OPTION'],
  ])('%j', (options, code) => {
    expect(() => connectWebSocket('ws://127.0.0.1:1', options)).toThrow(expect.objectContaining({ code }))
  })
})

test('a handshakeTimeoutMs beyond what timers can wait for waits long, not one millisecond', async () => {
  const { url } = await openServer({ authorize: () => new Promise((resolve) => setTimeout(resolve, 30)) })
  await openClient(url, { handshakeTimeoutMs: 2 ** 40 })
})

describe('wss:', () => {
  test('with the certificate of its authority, by name and by address', async () => {
    const { port, log } = await attachServer({ message: (socket, data) => void socket.send(data) }, { tls: true })
    for (const [at, host] of ['localhost', '127.0.0.1'].entries()) {
      const client = await openClient(`wss://${host}:${port}/`, { tls: { ca: LOCALHOST_CERTIFICATE.cert } })
      client.socket.send('secret')
      await client.log.next('message')
      expect(client.log.messages).toEqual(['secret'])
      client.socket.close(1000)
      expect((await log.next('close', at + 1)).outcome).toMatchObject({ code: 1000, clean: true })
      expect((await client.log.next('close')).outcome).toMatchObject({ code: 1000, clean: true })
    }
  })

  test('of an unknown authority is not trusted', async () => {
    const { url } = await attachServer({}, { tls: true })
    await expect(connectWebSocket(url)).rejects.toMatchObject({
      code: 'ERR_TRANSPORT',
      message: expect.stringContaining('self-signed certificate'),
    })
  })
})

test('http: and https: mean the same as ws: and wss:', async () => {
  const { port } = await attachServer()
  await openClient(`http://localhost:${port}/`)
})

test('an IPv6 address in brackets', async ({ skip }) => {
  const opened = await openServer({}, '::1').catch(() => undefined)
  if (opened === undefined) return skip('no IPv6 here')
  const { socket } = await openClient(`ws://[::1]:${opened.port}/six`)
  expect(socket).toMatchObject({ target: '/six', remoteAddress: '::1' })
})
