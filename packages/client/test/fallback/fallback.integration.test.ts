import { setTimeout as pause } from 'node:timers/promises'
import { Client, type Transport, webSocket } from '@wigwag/client'
import { httpStream } from '@wigwag/client/http-stream'
import { longPoll } from '@wigwag/client/long-poll'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { blockWebSockets } from '../support/block-websockets.ts'
import { next, serveHub } from '../support/served-hub.ts'

/** Transports that count how often each was opened. */
function counted(...transports: Transport[]) {
  const opened = transports.map(() => 0)
  const counting = transports.map(
    (transport, index): Transport => ({
      ...transport,
      open: (url, sink) => {
        opened[index] = (opened[index] ?? 0) + 1
        return transport.open(url, sink)
      },
    }),
  )
  return { opened, transports: counting }
}

describe('where a network lets no WebSocket through', () => {
  test.each(['refused', 'deaf'] as const)(
    '%s: it goes over HTTP, and up again when the network is another, without loss or double',
    async (how) => {
      const { hub, server, client: create } = await serveHub({ namespaces: { '': { history: { size: 1000 } } } })
      const unblock = blockWebSockets(server, how)
      const { opened, transports } = counted(webSocket({ WebSocket }), httpStream(), longPoll())
      const client = create({ transports, connectTimeoutMs: 300, moveUpDelayMs: 200 })
      const heard: unknown[] = []
      const gaps: unknown[] = []
      const subscription = client.subscribe('a', { onGap: (gap) => gaps.push(gap) })
      subscription.on('publication', ({ data }) => heard.push(data))
      await subscription.ready()
      expect(opened).toEqual([1, 1, 0])
      const reasons: string[] = []
      let hasMoved = false
      client.on('connecting', ({ reason }) => reasons.push(reason.name))
      client.on('connected', () => (hasMoved = true))
      unblock()
      let n = 0
      while (!hasMoved || n < 50) {
        await hub.publish('a', n++)
        // As often as a reply can recover what comes while it moves.
        await pause(2)
      }
      const last = next(subscription, 'publication', ({ data }: { data?: unknown }) => data === 'last')
      await hub.publish('a', 'last')
      await last
      expect(reasons).toEqual(['movedUp'])
      expect(opened).toEqual([3, 1, 0])
      expect(heard).toEqual([...Array.from({ length: n }, (_, i) => i), 'last'])
      expect(gaps).toEqual([])
      expect(hub.sessions.stats.open).toBe(1)
    },
  )

  test('what is asked meanwhile is answered, once', async () => {
    let calls = 0
    const { server, client: create } = await serveHub({ rpc: { count: () => ++calls } })
    const unblock = blockWebSockets(server, 'refused')
    const { transports } = counted(webSocket({ WebSocket }), longPoll())
    const client = create({ transports, connectTimeoutMs: 300, moveUpDelayMs: 100 })
    await client.ready()
    let hasMoved = false
    client.on('connecting', () => (hasMoved = true))
    unblock()
    const answers: unknown[] = []
    while (!hasMoved) {
      answers.push(await client.rpc('count'))
      // A moment in which nothing is asked, for it to move.
      await pause(20)
    }
    answers.push(await client.rpc('count'))
    expect(answers).toEqual(Array.from({ length: calls }, (_, i) => i + 1))
  })
})

test('a URL that says nothing of the hub beside it: there is no way over HTTP, and the reason says so', async () => {
  const { url } = await serveHub()
  const lost = new Client(`${url}sockets/mine`, { transports: [httpStream()], minDelayMs: 1 })
  const connecting = next<{ reason: { name: string; text: string } }>(
    lost,
    'connecting',
    ({ reason }) => reason.name !== 'connectCalled',
  )
  lost.connect()
  expect((await connecting).reason).toMatchObject({
    name: 'unreachable',
    text: expect.stringContaining('ends in /'),
  })
  lost.disconnect()
})
