import { expect, test } from 'vitest'
import { openClient, openServer } from './support/open-server.ts'
import { RawPeer } from './support/raw-peer.ts'

test('a half-open peer is pinged, and dropped with 1011 when nothing comes within pongTimeoutMs', async () => {
  const { server, port, log } = await openServer({ pingIntervalMs: 100, pongTimeoutMs: 100 })
  const peer = await RawPeer.upgrade(port)
  const { outcome } = await log.next('close')
  expect(outcome).toMatchObject({ code: 1011, clean: false, error: { code: 'ERR_KEEPALIVE_TIMEOUT' } })
  await peer.until(() => peer.closed)
  expect(peer.frames[0]).toMatchObject({ opcode: 9 })
  expect(server.sockets.size).toBe(0)
})

test('a peer that answers stays, however often it is asked', async () => {
  const { port, log } = await openServer({ pingIntervalMs: 50, pongTimeoutMs: 50 })
  const { socket, log: clientLog } = await openClient(`ws://127.0.0.1:${port}/`, { pingIntervalMs: 0 })
  await clientLog.next('ping', 3)
  expect(socket.phase).toBe('open')
  expect(log.of('pong').length).toBeGreaterThanOrEqual(2)
  expect(log.of('close')).toEqual([])
})

test('a client finds out that its server is gone, too', async () => {
  const { port } = await openServer({ pingIntervalMs: 0, open: (socket) => socket.pause() })
  const { log } = await openClient(`ws://127.0.0.1:${port}/`, { pingIntervalMs: 50, pongTimeoutMs: 50 })
  expect((await log.next('close')).outcome).toMatchObject({ code: 1011, error: { code: 'ERR_KEEPALIVE_TIMEOUT' } })
})

test('pingIntervalMs 0 sends none, and any other traffic puts the ping off', async () => {
  const quiet = await openServer({ pingIntervalMs: 0 })
  // Longer than this program may stand still, shorter than the talk takes.
  const busy = await openServer({ pingIntervalMs: 1000 })
  const [quietPeer, busyPeer] = [await RawPeer.upgrade(quiet.port), await RawPeer.upgrade(busy.port)]
  const talking = setInterval(() => busyPeer.frame(1, 'talk'), 100)
  await busy.log.next('message', 12)
  clearInterval(talking)
  expect(quietPeer.frames).toEqual([])
  expect(busyPeer.frames).toEqual([])
})

test('while we have paused it, a peer that we do not hear is not taken for gone', async () => {
  let paused: unknown
  const { server, port, log } = await openServer({
    pingIntervalMs: 50,
    pongTimeoutMs: 50,
    open: (socket) => {
      if (paused !== undefined) return
      paused = socket
      socket.pause()
    },
  })
  await RawPeer.upgrade(port)
  await RawPeer.upgrade(port)
  expect((await log.next('close')).outcome.code).toBe(1011)
  expect([...server.sockets]).toEqual([paused])
})

test('a process that stood still hears what came meanwhile before it takes its peers for gone', async () => {
  const { port, log } = await openServer({ pingIntervalMs: 50, pongTimeoutMs: 100 })
  const peer = await RawPeer.upgrade(port)
  await peer.until(() => peer.frames.length > 0)
  peer.frame(10) // the kernel has it before the process stands still
  const untilMs = performance.now() + 900
  while (performance.now() < untilMs);
  await peer.until(() => peer.frames.filter(({ opcode }) => opcode === 9).length >= 2)
  expect(log.types.slice(0, 2)).toEqual(['open', 'pong'])
  expect(log.of('close')).toEqual([])
})
