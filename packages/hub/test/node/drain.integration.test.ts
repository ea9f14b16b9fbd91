import { decodeCloseReason } from '@wigwag/protocol'
import { State } from 'centrifuge'
import { describe, expect, onTestFinished, test } from 'vitest'
import { connectRaw } from '../support/raw-http.ts'
import { openEvents, openSocket, untilSubscribed } from '../support/served-channels.ts'
import { nextEvent, serveSessions } from '../support/served-sessions.ts'
import { UPGRADE_HEAD } from '../support/upgrade-head.ts'

const CONNECT = JSON.stringify({ id: 1, connect: {} })

/** A session on a bare socket, connected. */
async function openSession(url: (path: string) => string) {
  const session = await openSocket(url('/connection/websocket'))
  session.socket.send(CONNECT)
  await session.next()
  return session
}

describe('hub.drain()', () => {
  test("npm's centrifuge hears 3001 and comes back by itself", async () => {
    const { hub, client } = await serveSessions()
    const centrifuge = client({ minReconnectDelay: 60_000, maxReconnectDelay: 60_000 })
    const subscription = centrifuge.newSubscription('news')
    subscription.subscribe()
    centrifuge.connect()
    await subscription.ready()
    const connecting = nextEvent(centrifuge, 'connecting')
    const subscribing = nextEvent(subscription, 'subscribing')
    await hub.drain()
    expect(await connecting).toMatchObject({ code: 3001, reason: 'shutdown' })
    expect(await subscribing).toMatchObject({ code: 1 })
    expect(centrifuge.state).toBe(State.Connecting)
  })

  test('who has to wait is told so, in words that centrifuge passes over', async () => {
    const { hub, url, client } = await serveSessions({ sessions: { maxSessionsPerSecond: 1 } })
    const centrifuge = client({ minReconnectDelay: 60_000, maxReconnectDelay: 60_000 })
    const session = await openSession(url)
    centrifuge.connect()
    await centrifuge.ready()
    const other = await openSession(url)
    const connecting = nextEvent(centrifuge, 'connecting')
    await hub.drain({ overMs: 100 })
    expect(await connecting).toMatchObject({ code: 3001, reason: 'shutdown' })
    const [first, last] = [await session.closed, await other.closed]
    expect(first).toEqual({ code: 3001, reason: 'shutdown' })
    const { reason, delayMs } = decodeCloseReason(last.code, last.reason)
    expect(reason).toBe('shutdown')
    // The third of three who come back one a second.
    expect(delayMs).toBeGreaterThan(1900)
    expect(delayMs).toBeLessThanOrEqual(2000)
  })

  test('lets nobody in meanwhile: 503 for sockets and polls, an event stream that ends at once, and publications go on', async () => {
    const { hub, url, publish } = await serveSessions()
    const sessions = await Promise.all(Array.from({ length: 100 }, () => openSession(url)))
    const draining = hub.drain({ overMs: 1000 })
    await expect(openSocket(url('/connection/websocket'))).rejects.toMatchObject({ status: 503 })
    await expect(openSocket(url('/channel/a'))).rejects.toMatchObject({ status: 503 })
    const published = await publish('a', 'still here')
    expect(published.status).toBe(200)
    expect(published.headers.get('connection')).toBe('close')
    const poll = await fetch(url('/channel/a?wait=30'))
    expect([poll.status, poll.headers.get('retry-after')]).toEqual([503, '1'])
    const events = await openEvents(url('/channel/a'))
    await events.ended
    expect(events.response.status).toBe(200)
    await draining
    for (const { closed } of sessions) expect((await closed).code).toBe(3001)
    expect((await publish('a', 'too late')).status).toBe(503)
  })

  test('sockets of channels close with 1001, polls are answered, event streams end and are told when to come back', async () => {
    const { hub, url } = await serveSessions({ sessions: { maxSessionsPerSecond: 1 } })
    const socket = await openSocket(url('/channel/a'))
    const [first, last] = [await openEvents(url('/channel/a')), await openEvents(url('/channel/a'))]
    await first.live()
    await last.live()
    const poll = fetch(url('/channel/a?wait=30'))
    const session = await openSession(url)
    await untilSubscribed(hub, 4)
    await hub.drain({ overMs: 0 })
    expect((await socket.closed).code).toBe(1001)
    await Promise.all([first.ended, last.ended])
    // The first and the last of five who come back one a second; what was said first holds for who need not wait.
    expect([first.reader.retryMs, last.reader.retryMs]).toEqual([1000, 4000])
    expect((await poll).status).toBe(204)
    expect((await session.closed).code).toBe(3001)
    expect(hub.stats).toMatchObject({ sessions: 0, subscriptions: 0 })
  })

  test('a session is sent what waits for it before it is closed', async () => {
    const { hub, url } = await serveSessions({ outbox: { highWaterMarkBytes: 0, maxQueuedBytes: 64 * 1024 * 1024 } })
    const session = await openSession(url)
    session.socket.send(JSON.stringify({ id: 2, subscribe: { channel: 'a' } }))
    await session.next()
    session.socket.pause()
    // More than sockets between two ends of one machine hold.
    const data = 'x'.repeat(200 * 1024)
    for (let n = 0; n < 100; n++) await hub.publish('a', data)
    const draining = hub.drain({ overMs: 0, graceMs: 20_000 })
    session.socket.resume()
    expect((await session.closed).code).toBe(3001)
    await draining
    const pushes = session.messages.slice(2).map((message) => JSON.parse(String(message)) as { push: unknown })
    expect(pushes.length).toBe(100)
  })

  test('whoever reads nothing is dropped when the time is up', async () => {
    const { hub, url } = await serveSessions({ outbox: { highWaterMarkBytes: 0, maxQueuedBytes: 64 * 1024 * 1024 } })
    const session = await openSession(url)
    session.socket.send(JSON.stringify({ id: 2, subscribe: { channel: 'a' } }))
    await session.next()
    const bare = await openSocket(url('/channel/a'))
    const raw = await connectRaw(Number(new URL(url('/')).port))
    raw.write('GET /channel/a HTTP/1.1', 'Host: localhost', 'Accept: text/event-stream')
    await raw.until(/: live/)
    raw.socket.pause()
    for (const each of [session, bare]) each.socket.pause()
    const data = 'x'.repeat(200 * 1024)
    for (let n = 0; n < 100; n++) await hub.publish('a', data)
    onTestFinished(() => void raw.socket.destroy())
    const since = performance.now()
    await hub.drain({ overMs: 0, graceMs: 300 })
    expect(performance.now() - since).toBeGreaterThan(290)
    expect(hub.stats).toMatchObject({ sessions: 0, subscriptions: 0 })
  })

  test('leaves nothing behind: the process could end', async () => {
    const { hub, endpoint, url } = await serveSessions()
    await openSession(url)
    await openSocket(url('/channel/a'))
    await hub.drain()
    const { sessions, webSocket, sse, poll } = endpoint.stats
    expect([sessions?.open, webSocket.open, sse.open, poll.waiting]).toEqual([0, 0, 0, 0])
    await endpoint.close()
  })
})

describe('sessions that come too fast', () => {
  test('get 503 with Retry-After, each another, before anybody is asked who they are', async () => {
    let asked = 0
    const { hub, url, port, client } = await serveSessions({
      sessions: { maxSessionsPerSecond: 1, maxSessionBurst: 2 },
      authenticate: () => {
        asked++
        return { user: 'ann' }
      },
    })
    await Promise.all([openSession(url), openSession(url)])
    const waits: string[] = []
    for (let n = 0; n < 3; n++) {
      const raw = await connectRaw(port)
      raw.write('GET /connection/websocket HTTP/1.1', 'Host: localhost', ...UPGRADE_HEAD)
      const head = await raw.until(/^HTTP\/1\.1 503 [\s\S]*\r\n\r\n/)
      waits.push(/retry-after: (\d+)/i.exec(head)?.[1] ?? 'none')
      raw.socket.destroy()
    }
    expect(waits).toEqual(['1', '2', '3'])
    expect(asked).toBe(2)
    expect(hub.sessions.refused.rate).toBe(3)
    const centrifuge = client({ minReconnectDelay: 200, maxReconnectDelay: 500 })
    centrifuge.connect()
    await centrifuge.ready()
    expect(asked).toBe(3)
  })
})
