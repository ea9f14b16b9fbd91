import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHub } from '@wigwag/hub/node'
import { expect, onTestFinished, test } from 'vitest'
import { sseFormat } from '../../src/node/sse-format.ts'
import { StreamTransport } from '../../src/node/stream-transport.ts'
import { connectRaw } from '../support/raw-http.ts'
import { openSocket, serveChannels, untilSubscribed } from '../support/served-channels.ts'
import { UPGRADE_HEAD } from '../support/upgrade-head.ts'

const MAX_QUEUED = 64 * 1024
/** More than the kernel's buffers of both ends take. */
const PUBLICATIONS = 200
const SIZE = 100_000

test('an event stream that is not read ends when maxQueuedBytes wait for it, and the others are told on', async () => {
  const { port, hub, url, endpoint } = await serveChannels({ maxQueuedBytes: MAX_QUEUED })
  const raw = await connectRaw(port)
  raw.write('GET /channel/a HTTP/1.1', 'Host: localhost', 'Accept: text/event-stream')
  await raw.until(/: live/)
  raw.socket.pause()
  const reader = await openSocket(url('/channel/a'), { maxMessageBytes: 10_000_000 })
  await untilSubscribed(hub, 2)
  expect(endpoint.stats.sse).toEqual({ open: 1, dropped: 0 })
  for (let i = 0; i < PUBLICATIONS; i++) {
    await hub.publish('a', String(i).padEnd(SIZE))
    await reader.next()
  }
  expect(endpoint.stats.sse).toEqual({ open: 0, dropped: 1 })
  expect(hub.stats.subscriptions).toBe(1)
  // What was queued when it ended can still be read, in order and without a hole.
  raw.socket.resume()
  await raw.until(/\r\n0\r\n\r\n$/)
  const received = [...raw.text().matchAll(/data: (\d+) /g)].map(([, number]) => Number(number))
  expect(received.length).toBeLessThan(PUBLICATIONS)
  expect(received).toEqual(received.map((_, i) => i))
})

test('a stream that was ended and still is not read is dropped after a while', async () => {
  const hub = createHub()
  const transport = new StreamTransport(
    hub,
    { maxQueuedBytes: MAX_QUEUED, pingIntervalMs: 60_000, closeTimeoutMs: 50 },
    sseFormat,
  )
  const dropped = new Promise<void>((resolve) => {
    const server = createServer((_incoming, response) => {
      response.on('close', () => resolve())
      transport.open(response, 'a', undefined)
    })
    onTestFinished(() => {
      server.close()
    })
    server.listen(0, '127.0.0.1', async () => {
      const raw = await connectRaw((server.address() as AddressInfo).port)
      raw.write('GET / HTTP/1.1', 'Host: localhost')
      await raw.until(/: live/)
      raw.socket.pause()
      for (let i = 0; i < PUBLICATIONS; i++) await hub.publish('a', 'x'.repeat(SIZE))
    })
  })
  await dropped
  expect(transport.stats).toEqual({ open: 0, dropped: 1 })
})

test('a stream ended as too slow is counted once, however much is published in the same turn', async () => {
  const { port, hub, endpoint } = await serveChannels({ maxQueuedBytes: MAX_QUEUED })
  const raw = await connectRaw(port)
  raw.write('GET /channel/a HTTP/1.1', 'Host: localhost', 'Accept: text/event-stream')
  await raw.until(/: live/)
  raw.socket.pause()
  await Promise.all(Array.from({ length: PUBLICATIONS }, () => hub.publish('a', 'x'.repeat(SIZE))))
  expect(endpoint.stats.sse).toEqual({ open: 0, dropped: 1 })
})

test('a WebSocket that is not read is closed with 1013 when maxQueuedBytes wait for it, and the others are told on', async () => {
  const { port, hub, url, endpoint } = await serveChannels({ maxQueuedBytes: MAX_QUEUED })
  const raw = await connectRaw(port)
  raw.write('GET /channel/a HTTP/1.1', 'Host: localhost', ...UPGRADE_HEAD)
  await raw.until(/101 Switching/)
  raw.socket.pause()
  const reader = await openSocket(url('/channel/a'), { maxMessageBytes: 10_000_000 })
  await untilSubscribed(hub, 2)
  for (let i = 0; i < PUBLICATIONS; i++) {
    await hub.publish('a', String(i).padEnd(SIZE))
    await reader.next()
  }
  expect(endpoint.stats.webSocket.dropped).toBe(1)
  raw.socket.resume()
  // §5.5.1: the Close frame with 1013 is the last of it.
  expect(await raw.until(/.{2}Reading too slowly/)).toContain('\u0003\u00f5Reading too slowly')
  raw.socket.end()
  await untilSubscribed(hub, 1)
})

test('a publication larger than maxQueuedBytes reaches whoever keeps up', async () => {
  const { hub, url } = await serveChannels({ maxQueuedBytes: 1000 })
  const { next, socket } = await openSocket(url('/channel/a'))
  await untilSubscribed(hub, 1)
  for (let i = 0; i < 3; i++) {
    await hub.publish('a', String(i).repeat(5000))
    expect(String(await next())).toHaveLength(5000)
  }
  expect(socket.phase).toBe('open')
})
