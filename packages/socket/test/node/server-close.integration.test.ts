import type { Socket } from 'node:net'
import { WebSocketServer } from '@wigwag/socket'
import { describe, expect, test } from 'vitest'
import { attachServer, openClient, openServer } from './support/open-server.ts'
import { RawPeer, upgradeRequest } from './support/raw-peer.ts'

describe('closing a server', () => {
  test('closes every socket with 1001 and resolves when all are closed; its port is free again', async () => {
    const { server, url, port, log } = await openServer()
    const clients = await Promise.all(Array.from({ length: 20 }, () => openClient(url)))
    await log.next('open', 20)
    await server.close()
    expect(server.sockets.size).toBe(0)
    expect(log.of('close')).toHaveLength(20)
    for (const { log: clientLog } of clients) {
      const { outcome } = await clientLog.next('close')
      expect(outcome).toMatchObject({ code: 1001, reason: 'The server is shutting down', clean: true })
    }
    const again = new WebSocketServer()
    expect((await again.listen({ host: '127.0.0.1', port })).port).toBe(port)
    await again.close()
  })

  test('refuses new upgrades with 503 meanwhile', async () => {
    const { server, port, log } = await attachServer()
    const slow = await RawPeer.upgrade(port)
    await log.next('open')
    const closing = server.close(1012, 'back soon')
    const late = await RawPeer.connect(port)
    late.write(upgradeRequest())
    await late.until(() => late.ended)
    expect(late.status).toBe(503)
    expect(late.header('retry-after')).toBe('1')
    await slow.until(() => slow.close !== undefined)
    expect(slow.close).toEqual({ code: 1012, reason: 'back soon' })
    slow.frame(8, Uint8Array.of(0x03, 0xf4))
    await closing
    expect((await log.next('close')).outcome).toMatchObject({ code: 1012, clean: true })
  })

  test('waits no longer than closeTimeoutMs for peers that do not answer', async () => {
    const { server, port, log } = await openServer({ closeTimeoutMs: 100 })
    await RawPeer.upgrade(port)
    await log.next('open')
    await server.close()
    expect((await log.next('close')).outcome).toMatchObject({ code: 1006, clean: false })
  })

  test('leaves an http server that it was attached to as it is', async () => {
    const { server, port } = await attachServer()
    await server.close()
    expect(await (await fetch(`http://localhost:${port}/page`)).text()).toBe('GET /page ')
    const peer = await RawPeer.connect(port)
    peer.write(upgradeRequest())
    await peer.until(() => peer.status === 200)
  })

  test('may be asked for again and again, also of a server that never listened', async () => {
    const { server } = await openServer()
    expect(server.close()).toBe(server.close())
    await server.close()
    await new WebSocketServer().close()
  })

  test('is what await using does', async () => {
    const { log } = await (async () => {
      await using server = new WebSocketServer()
      const { port } = await server.listen({ host: '127.0.0.1' })
      return await openClient(`ws://127.0.0.1:${port}/`)
    })()
    expect((await log.next('close')).outcome).toMatchObject({ code: 1001, clean: true })
  })

  test('does not wait for clients that were refused and stay', async () => {
    const { server, port } = await openServer({ closeTimeoutMs: 100 })
    const peer = await RawPeer.connect(port, { allowHalfOpen: true })
    peer.write(upgradeRequest({ 'Sec-WebSocket-Version': '8' }))
    await peer.until(() => peer.ended)
    await server.close()
  })
})

test('terminate drops every socket at once, in the middle of everything', async () => {
  const { server, port, log } = await openServer()
  const peers = await Promise.all([RawPeer.upgrade(port), RawPeer.upgrade(port)])
  await log.next('open', 2)
  for (const socket of server.sockets) socket.send('never leaves')
  server.terminate()
  expect(server.sockets.size).toBe(0)
  await Promise.all(peers.map((peer) => peer.until(() => peer.closed)))
  expect(server.stats).toMatchObject({ open: 0, accepted: 2 })
})

test('a socket whose peer was gone before handleUpgrade is not kept', async () => {
  const own = new WebSocketServer()
  let handled: (() => void) | undefined
  const done = new Promise<void>((resolve) => {
    handled = resolve
  })
  const { port } = await attachServer(
    { path: '/elsewhere' },
    {
      before: (http) =>
        http.on('upgrade', (incoming, socket, head) => {
          socket.on('error', () => {})
          socket.on('close', () => {
            own.handleUpgrade(incoming, socket as Socket, head, http)
            handled?.()
          })
          socket.destroy()
        }),
    },
  )
  const peer = await RawPeer.connect(port)
  peer.write(upgradeRequest())
  await done
  expect(own.stats).toEqual({ open: 0, accepted: 0, refused: 0, dropped: 0 })
})

test('close may be called again by a handler that is told of it: both calls resolve', async () => {
  let again: Promise<void> | undefined
  const { server, port, log } = await openServer({
    closing: () => {
      again ??= server.close()
    },
  })
  const peers = [await RawPeer.upgrade(port), await RawPeer.upgrade(port)]
  await log.next('open', 2)
  const closed = server.close()
  for (const peer of peers) {
    await peer.until(() => peer.close !== undefined)
    peer.frame(8, Buffer.from([0x03, 0xe9]))
  }
  await closed
  await again
  expect(again).toBe(closed)
})

test('an upgrade in whose authorize the server is closed is refused with 503', async () => {
  const { server, port } = await attachServer({ authorize: () => void server.close() })
  const peer = await RawPeer.connect(port)
  peer.write(upgradeRequest())
  await peer.until(() => peer.head !== undefined)
  expect(peer.status).toBe(503)
  await server.close()
  expect(server.sockets.size).toBe(0)
})
