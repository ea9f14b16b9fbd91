import { connectWebSocket } from '@wigwag/socket'
import { expect, test } from 'vitest'
import { attachServer, openServer } from './support/open-server.ts'
import { RawPeer, upgradeRequest } from './support/raw-peer.ts'

/** How many handles and timers of each kind keep the process busy, but for those of the test runner. */
function resources(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) {
    if (/TCP|TLS|Timeout|Immediate/.test(kind)) counts[kind] = (counts[kind] ?? 0) + 1
  }
  return counts
}

/** Waits, turn by turn, until as few resources are left as there were. */
async function settled(before: Record<string, number>): Promise<Record<string, number>> {
  for (let turns = 0; turns < 2000; turns++) {
    const now = resources()
    if (Object.entries(now).every(([kind, count]) => count <= (before[kind] ?? 0))) return now
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  return resources()
}

test('500 sockets opened and closed in every way leave no socket, handle or timer behind', async () => {
  const { server, url, log } = await openServer({ closeTimeoutMs: 500 })
  const before = resources()
  const ways = ['client closes', 'server closes', 'client drops', 'server drops', 'client resets'] as const
  for (let round = 0; round < 10; round++) {
    const sockets = await Promise.all(Array.from({ length: 50 }, () => connectWebSocket(url)))
    await log.next('open', (round + 1) * 50)
    const accepted = [...server.sockets]
    for (let i = 0; i < 50; i++) {
      const [socket, other] = [sockets[i], accepted[i]]
      socket?.send('from the client')
      other?.send('from the server')
      const way = ways[i % ways.length]
      if (way === 'client closes') socket?.close(1000)
      else if (way === 'server closes') other?.close(1000)
      else if (way === 'server drops') other?.terminate()
      else socket?.terminate()
    }
    for (const socket of server.sockets) socket.close(1000)
    await log.next('close', (round + 1) * 50)
  }
  expect(server.sockets.size).toBe(0)
  expect(server.stats).toMatchObject({ open: 0, accepted: 500 })
  const after = await settled(before)
  for (const [kind, count] of Object.entries(after)) expect(count, kind).toBeLessThanOrEqual(before[kind] ?? 0)
})

test.each([
  ['http', false],
  ['https', true],
])('refused, abandoned and plain requests on an %s server leave nothing behind either', async (_scheme, tls) => {
  const { server, port } = await attachServer({ authorize: () => new Promise(() => {}), closeTimeoutMs: 500 }, { tls })
  const before = resources()
  for (let i = 0; i < 20; i++) {
    const refused = await RawPeer.connect(port, { tls })
    refused.write(upgradeRequest({ Host: 'rebound.example' }))
    await refused.until(() => refused.ended)
    const abandoned = await RawPeer.connect(port, { tls })
    abandoned.write(upgradeRequest())
    abandoned.socket.end()
    await abandoned.until(() => abandoned.closed)
    const plain = await RawPeer.connect(port, { tls })
    plain.write('GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade, close\r\n\r\n')
    await plain.until(() => plain.closed)
  }
  expect(server.stats).toEqual({ open: 0, accepted: 0, refused: 20, dropped: 0 })
  const after = await settled(before)
  for (const [kind, count] of Object.entries(after)) expect(count, kind).toBeLessThanOrEqual(before[kind] ?? 0)
})

test('a socket keeps no listener on the http server; a server of ours has one, and one that hears where it listens', async () => {
  const { http, port, log } = await attachServer()
  const listeners = (): unknown => http.eventNames().map((name) => [name, http.listenerCount(name)])
  const comeAndGo = async (sockets: number): Promise<void> => {
    const peer = await RawPeer.upgrade(port)
    peer.socket.destroy()
    await log.next('close', sockets)
  }
  const listening = http.listenerCount('listening')
  await comeAndGo(1)
  const before = listeners()
  for (let i = 2; i <= 20; i++) await comeAndGo(i)
  expect(listeners()).toEqual(before)
  expect([http.listenerCount('upgrade'), http.listenerCount('listening')]).toEqual([1, listening + 1])
})
