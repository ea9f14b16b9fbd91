import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { encodeUpgradeResponse } from '@wigwag/socket/core'
import { closePayload, frameBytes } from '@wigwag/socket/testing'
import { describe, expect, test } from 'vitest'
import { openClient, openServer } from './support/open-server.ts'
import { RawPeer } from './support/raw-peer.ts'

describe('§7 the closing handshake', () => {
  test.each(['server', 'client'] as const)(
    'begun by the %s is clean on both sides, with code and reason',
    async (side) => {
      const { server, url, log } = await openServer()
      const { socket, log: clientLog } = await openClient(url)
      const starter = side === 'client' ? socket : (await log.next('open')).socket
      starter.close(4000, 'därüm')
      expect(starter.phase).toBe('closing')
      const close = { code: 4000, reason: 'därüm' }
      for (const told of [log, clientLog]) {
        // §7.1.6: the reason is the one received, and the answer to a Close frame carries only the code.
        const reason = told === (side === 'client' ? clientLog : log) ? '' : close.reason
        expect((await told.next('close')).outcome).toEqual({ code: 4000, reason, clean: true, error: undefined })
        expect(told.of('closing')).toMatchObject([{ close }])
        expect(told.types.slice(-2)).toEqual(['closing', 'close'])
      }
      expect(socket.phase).toBe('closed')
      expect(server.sockets.size).toBe(0)
    },
  )

  test('§7.1.5 without a code both sides hear 1005', async () => {
    const { url, log } = await openServer()
    const { socket, log: clientLog } = await openClient(url)
    socket.close()
    expect((await log.next('close')).outcome).toMatchObject({ code: 1005, reason: '', clean: true })
    expect((await clientLog.next('close')).outcome).toMatchObject({ code: 1005, reason: '', clean: true })
  })

  test('messages sent before close arrive before it; messages of the peer that cross it are still told', async () => {
    const { port, log } = await openServer()
    const peer = await RawPeer.upgrade(port)
    const { socket } = await log.next('open')
    socket.send('x'.repeat(200_000))
    socket.close(1000)
    peer.frame(1, 'crossed')
    await peer.until(() => peer.close !== undefined)
    expect(peer.frames.map(({ opcode }) => opcode)).toEqual([1, 8])
    await log.next('message')
    peer.frame(8, Uint8Array.of(3, 232))
    expect((await log.next('close')).outcome).toMatchObject({ code: 1000, clean: true })
    await peer.until(() => peer.ended)
  })

  test('§7.1.1 the server closes TCP behind its answer', async () => {
    const { port } = await openServer()
    const peer = await RawPeer.upgrade(port)
    peer.frame(8, Uint8Array.of(0x0f, 0xa0))
    await peer.until(() => peer.ended)
    expect(peer.close).toEqual({ code: 4000, reason: '' })
  })

  test.each([
    ['never answers', () => {}],
    ['goes on sending messages', (peer: RawPeer) => peer.frame(1, 'more')],
  ])('a peer that %s is dropped after closeTimeoutMs: 1006', async (_what, act) => {
    const { server, port, log } = await openServer({ closeTimeoutMs: 100 })
    const peer = await RawPeer.upgrade(port)
    const { socket } = await log.next('open')
    const acting = setInterval(() => act(peer), 30)
    socket.close(1000)
    expect((await log.next('close')).outcome).toMatchObject({ code: 1006, clean: false })
    clearInterval(acting)
    expect(server.sockets.size).toBe(0)
    await peer.until(() => peer.closed)
  })

  test('a client whose server never closes TCP drops it after closeTimeoutMs; the close was clean', async () => {
    const peers: RawPeer[] = []
    const server = createServer((socket) => peers.push(new RawPeer(socket)))
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const connecting = openClient(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, { closeTimeoutMs: 100 })
    await once(server, 'connection')
    const [peer] = peers as [RawPeer]
    await peer.until(() => peer.head !== undefined)
    peer.write(encodeUpgradeResponse({ key: peer.header('sec-websocket-key') ?? '', subprotocols: [], extensions: [] }))
    const { socket, log } = await connecting
    socket.close(1000)
    await peer.until(() => peer.close !== undefined)
    peer.write(frameBytes({ opcode: 8, payload: closePayload(1000) }))
    expect((await log.next('close')).outcome).toMatchObject({ code: 1000, clean: true })
    await peer.until(() => peer.closed)
    server.close()
  })
})

describe('§7.1.5 without a Close frame it is 1006', () => {
  test("the peer's FIN", async () => {
    const { server, port, log } = await openServer()
    const peer = await RawPeer.upgrade(port)
    peer.frame(1, 'last words')
    peer.socket.end()
    const { outcome } = await log.next('close')
    expect(outcome).toEqual({ code: 1006, reason: '', clean: false, error: undefined })
    expect(log.types).toEqual(['open', 'message', 'closing', 'close'])
    await peer.until(() => peer.closed)
    expect(server.sockets.size).toBe(0)
  })

  test("the peer's reset, told as an error", async () => {
    const { port, log } = await openServer()
    const peer = await RawPeer.upgrade(port)
    await log.next('open')
    peer.reset()
    const { outcome } = await log.next('close')
    expect(outcome).toMatchObject({ code: 1006, clean: false, error: { code: 'ERR_TRANSPORT' } })
    expect(outcome.error?.message).toContain('ECONNRESET')
    expect(outcome.error?.cause).toMatchObject({ code: 'ECONNRESET' })
  })

  test('terminate, at once and without what was queued', async () => {
    const { server, port, log } = await openServer()
    const peer = await RawPeer.upgrade(port)
    const { socket } = await log.next('open')
    socket.send('never leaves')
    socket.terminate()
    expect(log.types).toEqual(['open', 'closing', 'close'])
    expect(server.sockets.size).toBe(0)
    socket.terminate()
    await peer.until(() => peer.closed)
    expect(peer.frames).toEqual([])
  })

  test('a peer that leaves while much is queued for it: what it does not take is dropped after closeTimeoutMs', async () => {
    const { server, port, log, peer, socket } = await (async () => {
      const opened = await openServer({ closeTimeoutMs: 100, maxQueuedBytes: 64 * 1024 * 1024 })
      const peer = await RawPeer.upgrade(opened.port, { allowHalfOpen: true })
      return { ...opened, peer, socket: (await opened.log.next('open')).socket }
    })()
    peer.socket.pause()
    socket.send(new Uint8Array(32 * 1024 * 1024))
    peer.socket.end()
    await log.next('close')
    expect(server.sockets.size).toBe(0)
    // It reads a little now and then: that does not buy it more time.
    const sipping = setInterval(() => {
      peer.socket.resume()
      setImmediate(() => peer.socket.pause())
    }, 20)
    await server.close()
    clearInterval(sipping)
    expect(port).toBeGreaterThan(0)
  })
})

describe('once closed', () => {
  test("send returns 'closed', ping and pong false, close and terminate do nothing; none of them throws", async () => {
    const { port, log } = await openServer()
    const peer = await RawPeer.upgrade(port)
    const { socket } = await log.next('open')
    for (const phase of ['closing', 'closed']) {
      if (phase === 'closing') socket.close()
      else socket.terminate()
      expect(socket.phase).toBe(phase)
      for (const message of ['text', new Uint8Array(3), new Uint8Array(100_000)]) {
        expect(socket.send(message)).toBe('closed')
      }
      expect([socket.ping(), socket.pong()]).toEqual([false, false])
      socket.close(1000, 'again')
      socket.pause()
      socket.resume()
    }
    await peer.until(() => peer.closed)
    expect(socket.send('long after')).toBe('closed')
    expect(log.of('close')).toHaveLength(1)
  })

  test('§7.4 a code or reason that a Close frame cannot carry is refused, and the socket stays open', async () => {
    const { port, log } = await openServer()
    await RawPeer.upgrade(port)
    const { socket } = await log.next('open')
    for (const code of [0, 999, 1004, 1006, 1015, 2999, 5000]) {
      expect(() => socket.close(code), String(code)).toThrow(expect.objectContaining({ code: 'ERR_CLOSE_CODE' }))
    }
    expect(() => socket.close(1000, 'é'.repeat(62))).toThrow(expect.objectContaining({ code: 'ERR_CLOSE_REASON' }))
    expect(socket.phase).toBe('open')
  })
})

test('§7.1.7 a peer that breaks the protocol is told why, reads nothing more from us, and is let go', async () => {
  const { port, log } = await openServer()
  const peer = await RawPeer.upgrade(port)
  peer.frame(1, 'good')
  peer.frame(3, 'bad')
  peer.frame(1, 'ignored')
  await peer.until(() => peer.ended)
  expect(peer.close?.code).toBe(1002)
  expect((await log.next('close')).outcome).toMatchObject({ code: 1002, error: { code: 'ERR_FRAME_RESERVED_OPCODE' } })
  expect(log.messages).toEqual(['good'])
})
