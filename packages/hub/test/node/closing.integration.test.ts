import { createMemoryBroker } from '@wigwag/hub/node'
import { describe, expect, test } from 'vitest'
import { connectRaw } from '../support/raw-http.ts'
import { openEvents, openSocket, serveChannels, untilSubscribed } from '../support/served-channels.ts'
import { UPGRADE_HEAD } from '../support/upgrade-head.ts'

describe('endpoint.close()', () => {
  test('closes every WebSocket with 1001 (RFC 6455 §7.4.1), ends every event stream, and forgets both', async () => {
    const { endpoint, hub, url } = await serveChannels()
    const socket = await openSocket(url('/channel/a'))
    const events = await openEvents(url('/channel/b'))
    await events.live()
    await untilSubscribed(hub, 2)
    await endpoint.close()
    expect(await socket.closed).toMatchObject({ code: 1001 })
    await events.ended
    expect(hub.stats.subscriptions).toBe(0)
    expect(endpoint.stats).toMatchObject({ webSocket: { open: 0 }, sse: { open: 0 } })
    await endpoint.close()
  })

  test('twice at once ends twice', async () => {
    const { endpoint, hub, url } = await serveChannels()
    const events = await openEvents(url('/channel/a'))
    await events.live()
    const polled = fetch(url('/channel/a?wait=30'))
    await untilSubscribed(hub, 2)
    await Promise.all([endpoint.close(), endpoint.close()])
    expect((await polled).status).toBe(204)
  })

  test('then its paths are the application’s, and the hub goes on', async () => {
    const { endpoint, hub, publish } = await serveChannels({}, (server) => {
      server.on('request', (_incoming, response) => response.writeHead(418).end())
    })
    await endpoint.close()
    expect((await publish('a', 'x')).status).toBe(418)
    expect(await hub.publish('a', 'x')).toMatchObject({ data: 'x' })
  })

  test('a publication right behind it reaches nobody, and harms nobody', async () => {
    const { endpoint, hub, url } = await serveChannels()
    const events = await openEvents(url('/channel/a'))
    await events.live()
    const closing = endpoint.close()
    await hub.publish('a', 'too late')
    await closing
    await events.ended
    expect(events.events).toEqual([])
  })

  test('an event stream that is asked for meanwhile ends at once, with when to come back', async () => {
    const { endpoint, url, port } = await serveChannels()
    // A WebSocket that does not answer the closing handshake keeps it closing.
    const raw = await connectRaw(port)
    raw.write('GET /channel/a HTTP/1.1', 'Host: localhost', ...UPGRADE_HEAD)
    await raw.until(/101 Switching/)
    const closing = endpoint.close()
    const events = await openEvents(url('/channel/a'))
    await events.ended
    expect(events.response.status).toBe(200)
    expect(events.reader.retryMs).toBeGreaterThan(0)
    expect(endpoint.stats.sse.open).toBe(0)
    await expect(openSocket(url('/channel/a'))).rejects.toMatchObject({ status: 503 })
    raw.socket.destroy()
    await closing
  })
})

describe('hub.close()', () => {
  test('ends event streams with an event named error, and closes WebSockets with 1013: they may come back', async () => {
    const { hub, url } = await serveChannels()
    const socket = await openSocket(url('/channel/a'))
    const events = await openEvents(url('/channel/a'))
    await events.live()
    await untilSubscribed(hub, 2)
    await hub.close()
    expect(await socket.closed).toMatchObject({ code: 1013 })
    const error = await events.next()
    expect(error.type).toBe('failure')
    expect(JSON.parse(error.data)).toMatchObject({ code: 'ERR_HUB_CLOSED' })
    await events.ended
  })

  test('then everything asked of the channels is 503, with when to come back', async () => {
    const { hub, url, publish } = await serveChannels()
    await hub.close()
    for (const response of [
      await publish('a', 'x'),
      await fetch(url('/channel/a'), { headers: { accept: 'text/event-stream' } }),
    ]) {
      expect(response.status).toBe(503)
      expect(response.headers.get('retry-after')).toBe('1')
    }
    const print = console.error
    const printed: unknown[] = []
    console.error = (...what) => printed.push(what)
    const socket = await openSocket(url('/channel/a'))
    expect(await socket.closed).toMatchObject({ code: 1013 })
    console.error = print
    expect(printed).toEqual([])
  })
})

test('a channel that cannot be served tells its subscribers, who would wait in vain otherwise', async () => {
  const { hub, url } = await serveChannels({ maxChannels: 1 })
  await openSocket(url('/channel/a'))
  await untilSubscribed(hub, 1)
  await hub.publish('a', 'x')
  const socket = await openSocket(url('/channel/b'))
  expect(await socket.closed).toMatchObject({ code: 1013 })
  const events = await openEvents(url('/channel/b'))
  expect(JSON.parse((await events.next()).data)).toMatchObject({ code: 'ERR_CHANNEL_LIMIT' })
  await events.ended
  expect(hub.stats.subscriptions).toBe(1)
})

test('a socket whose subscription failed is closed with 1013 and the code of the error, whatever its text', async () => {
  for (const why of ['x'.repeat(500), '🐎'.repeat(200), '\ud800'.repeat(50)]) {
    const { url } = await serveChannels({
      broker: Object.assign(createMemoryBroker(), { history: () => Promise.reject(new Error(why)) }),
    })
    const { closed } = await openSocket(url('/channel/a'))
    expect(await closed).toMatchObject({ code: 1013, reason: 'ERR_BROKER_UNAVAILABLE' })
  }
})

test('a client that leaves ends its subscription', async () => {
  const { hub, url, port, endpoint } = await serveChannels()
  const { socket } = await openSocket(url('/channel/a'))
  const raw = await connectRaw(port)
  raw.write('GET /channel/a HTTP/1.1', 'Host: localhost', 'Accept: text/event-stream')
  await raw.until(/: live/)
  await untilSubscribed(hub, 2)
  expect(endpoint.stats).toMatchObject({ webSocket: { open: 1, accepted: 1 }, sse: { open: 1 } })
  socket.close()
  raw.socket.destroy()
  await untilSubscribed(hub, 0)
  while (endpoint.stats.sse.open + endpoint.stats.webSocket.open > 0)
    await new Promise((resolve) => setImmediate(resolve))
})

test('a silent event stream gets a comment every pingIntervalMs, so that proxies do not take it for dead', async () => {
  const { port } = await serveChannels({ pingIntervalMs: 10 })
  const raw = await connectRaw(port)
  raw.write('GET /channel/a HTTP/1.1', 'Host: localhost', 'Accept: text/event-stream')
  await raw.until(/: ping\n\n[\s\S]*: ping\n\n/)
})
