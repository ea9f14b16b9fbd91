import { PreparedMessage, WebSocketServer } from '@wigwag/socket'
import { describe, expect, test, vi } from 'vitest'
import { digest, patternBytes } from './support/digest.ts'
import { attachServer, openClient, openServer } from './support/open-server.ts'
import { RawPeer } from './support/raw-peer.ts'

describe.each([
  ['http', false],
  ['https', true],
])('attached to an %s server', (_scheme, tls) => {
  test('a client connects, and every handler is called in order with the socket first', async () => {
    const { server, port, log } = await attachServer({}, { tls })
    const peer = await RawPeer.upgrade(port, { tls })
    peer.frame(1, 'text')
    peer.frame(2, Uint8Array.of(1, 2))
    peer.frame(9, 'ping')
    peer.frame(10, 'pong')
    peer.frame(8, Uint8Array.of(0x03, 0xe8, 0x62, 0x79, 0x65))
    await log.next('close')
    expect(log.events.map(({ socket, ...told }) => told)).toEqual([
      { type: 'open' },
      { type: 'message', data: 'text', messageType: 'text' },
      { type: 'message', data: Buffer.of(1, 2), messageType: 'binary' },
      { type: 'ping', payload: Buffer.from('ping') },
      { type: 'pong', payload: Buffer.from('pong') },
      { type: 'closing', close: { code: 1000, reason: 'bye' } },
      { type: 'close', outcome: { code: 1000, reason: 'bye', clean: true, error: undefined } },
    ])
    expect(new Set(log.events.map(({ socket }) => socket)).size).toBe(1)
    await peer.until(() => peer.ended)
    expect(peer.frames).toMatchObject([
      { opcode: 10, payload: Buffer.from('ping') },
      { opcode: 8, payload: Buffer.from([0x03, 0xe8]) },
    ])
    expect(server.sockets.size).toBe(0)
  })

  test('messages of every size class and kind come back as they were sent', async () => {
    const { url, log } = await attachServer({ message: (socket, data) => void socket.send(data) }, { tls })
    const { socket, log: back } = await openClient(url, { tls: tls ? { rejectUnauthorized: false } : {} })
    const texts = ['', 'a', 'é€𝄞', 'x'.repeat(125), 'y'.repeat(126), 'ü'.repeat(20_000), 'z'.repeat(70_000)]
    const bytes = [0, 1, 125, 126, 16_384, 16_385, 65_535, 65_536, 300_000].map(patternBytes)
    const messages = [...texts, ...bytes]
    for (const message of messages) socket.send(message)
    await back.next('message', messages.length)
    expect(log.messages.map(digest)).toEqual(messages.map(digest))
    expect(back.messages.map(digest)).toEqual(messages.map(digest))
  })
})

test('a server of its own listens on a free port, counts, and answers plain requests with 426', async () => {
  const { server, port, log } = await openServer()
  await RawPeer.upgrade(port)
  await log.next('open')
  expect(server.stats).toEqual({ open: 1, accepted: 1, refused: 0, dropped: 0 })
  const response = await fetch(`http://127.0.0.1:${port}/`)
  expect(response.status).toBe(426)
  expect(response.headers.get('upgrade')).toBe('websocket')
  expect(await response.text()).toContain('ws://')
})

test('an address that is taken rejects listen with ERR_TRANSPORT, and listen may be tried again', async () => {
  const { port } = await openServer()
  const second = new WebSocketServer()
  await expect(second.listen({ host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'ERR_TRANSPORT' })
  const address = await second.listen({ host: '127.0.0.1', port: 0 })
  await expect(second.listen()).rejects.toMatchObject({ code: 'ERR_STATE' })
  await RawPeer.upgrade(address.port)
  second.terminate()
  await second.close()
})

describe('§7.4.1 a handler that fails closes its own socket with 1011', () => {
  const failing = (): never => {
    throw new Error('boom')
  }
  test.each([
    ['open throws', { open: failing }],
    ['open rejects', { open: () => Promise.reject(new Error('boom')) }],
    ['message throws', { message: failing }],
    ['message rejects', { message: () => Promise.reject(new Error('boom')) }],
    ['ping throws', { ping: failing }],
    ['pong throws', { pong: failing }],
  ])('%s', async (_what, handlers) => {
    const { port, log } = await openServer({ ...handlers, error: () => {} })
    const peer = await RawPeer.upgrade(port)
    peer.frame(1, 'a')
    peer.frame(9, 'a')
    peer.frame(10, 'a')
    await peer.until(() => peer.close !== undefined)
    expect(peer.close).toEqual({ code: 1011, reason: 'The application failed' })
    peer.socket.end()
    expect((await log.next('close')).outcome).toMatchObject({ code: 1011, clean: false })
    expect(log.of('error')).toMatchObject([{ error: { message: 'boom' } }])
  })

  test('and harms no other socket', async () => {
    const { server, port, log } = await openServer({
      error: () => {},
      message: (socket, data) => {
        if (data === 'boom') throw new Error('boom')
        socket.send(data)
      },
    })
    const [good, bad] = [await RawPeer.upgrade(port), await RawPeer.upgrade(port)]
    bad.frame(1, 'boom')
    await bad.until(() => bad.ended)
    good.frame(1, 'still here')
    await good.until(() => good.frames.length > 0)
    expect(good.texts).toEqual(['still here'])
    await log.next('close')
    expect(server.sockets.size).toBe(1)
  })

  test('a close handler that throws is told to error; the socket is forgotten all the same', async () => {
    const { server, port, log } = await openServer({ close: failing, closing: failing, error: () => {} })
    const peer = await RawPeer.upgrade(port)
    peer.socket.destroy()
    await log.until(() => log.of('error').length === 2)
    await server.close()
    expect(server.sockets.size).toBe(0)
  })

  test('without an error handler the error is printed', async () => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => {})
    const server = new WebSocketServer({ message: failing })
    const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
    const peer = await RawPeer.upgrade(port)
    peer.frame(1, 'a')
    await peer.until(() => peer.close !== undefined)
    expect(print).toHaveBeenCalledWith('A WebSocket handler failed:', expect.objectContaining({ message: 'boom' }))
    print.mockRestore()
    server.terminate()
    await server.close()
  })

  test.each([
    ['throws', failing],
    ['rejects', (() => Promise.reject(new Error('boom too'))) as () => never],
  ])('an error handler that %s itself is printed; the socket closes and the process lives', async (_what, error) => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => {})
    const { port, log } = await openServer({ message: failing, error })
    const peer = await RawPeer.upgrade(port)
    peer.frame(1, 'a')
    await peer.until(() => peer.close !== undefined)
    expect(peer.close?.code).toBe(1011)
    peer.socket.end()
    await log.next('close')
    expect(print).toHaveBeenCalledTimes(1)
    print.mockRestore()
  })
})

test('what a handler returns means nothing unless it is a promise', async () => {
  const echo = (socket: { send(data: unknown): unknown }, data: unknown): undefined => socket.send(data) as undefined
  const { port, log } = await openServer({ open: () => null as unknown as undefined, message: echo as never })
  const peer = await RawPeer.upgrade(port)
  peer.frame(1, 'one line')
  await peer.until(() => peer.frames.length > 0)
  expect(peer.texts).toEqual(['one line'])
  expect(log.types).toEqual(['open', 'message'])
})

test('send, ping and pong are refused with arguments that cannot be sent, and the arena stays sound', async () => {
  const { port, log } = await openServer()
  const peer = await RawPeer.upgrade(port)
  const { socket } = await log.next('open')
  socket.send('before')
  for (const wrong of [undefined, null, 42, {}, [1], new Float64Array(1)]) {
    expect(() => socket.send(wrong as never), String(wrong)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }))
  }
  expect(() => socket.ping('x' as never)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }))
  expect(() => socket.pong(new Uint8Array(126))).toThrow(expect.objectContaining({ code: 'ERR_CONTROL_PAYLOAD' }))
  socket.send(new PreparedMessage('behind'))
  await peer.until(() => peer.frames.length === 2)
  expect(peer.texts).toEqual(['before', 'behind'])
})

test('target, protocol, remoteAddress and data tell what the opening handshake settled', async () => {
  const { url, log } = await openServer({ subprotocols: ['b', 'a'], authorize: () => ({ user: 7 }) })
  const client = await openClient(`${url}chat?room=1`, { subprotocols: ['x', 'a', 'b'], data: 'mine' })
  const { socket } = await log.next('open')
  expect(socket).toMatchObject({
    target: '/chat?room=1',
    protocol: 'a',
    remoteAddress: '127.0.0.1',
    data: { user: 7 },
    phase: 'open',
    bufferedAmount: 0,
  })
  expect(client.socket).toMatchObject({ target: '/chat?room=1', protocol: 'a', data: 'mine' })
})
