import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Client, type ClientState, type Publication, webSocket } from '@wigwag/client'
import { HEALTHY } from '@wigwag/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { next, serveHub } from './support/served-hub.ts'
import { TRANSPORTS } from './support/transports.ts'

type Connecting = ClientState & { readonly phase: 'connecting' }

describe.each(TRANSPORTS)('over %s', (_name, create) => {
  const transports = [create()]

  test('every publication comes once and in order, however often the line is cut', async () => {
    const { hub, line, client: create } = await serveHub({ namespaces: { '': { history: { size: 1000 } } } })
    const client = create({ transports })
    const gaps: unknown[] = []
    const channels = ['a', 'b', 'c']
    const taken = new Map<string, unknown[]>()
    const subscriptions = channels.map((channel) => {
      const subscription = client.subscribe(channel, { onGap: (gap) => gaps.push(gap) })
      subscription.on('publication', ({ data }) => taken.set(channel, [...(taken.get(channel) ?? []), data]))
      return subscription
    })
    await Promise.all(subscriptions.map((each) => each.ready()))
    const last = subscriptions.map((each) => next<Publication>(each, 'publication', ({ data }) => data === 200))
    for (let n = 1; n <= 200; n++) {
      for (const channel of channels) await hub.publish(channel, n)
      if (n % 40 !== 0) continue
      const lost = next(client, 'connecting')
      line.cut()
      await lost
      line.mend()
      // Some are published while it is away, some while it recovers.
      if (n % 80 === 0) await next(client, 'connected')
    }
    await Promise.all(last)
    const all = Array.from({ length: 200 }, (_, i) => i + 1)
    expect(Object.fromEntries(taken)).toEqual({ a: all, b: all, c: all })
    expect(gaps).toEqual([])
  })

  test('asks and is answered; and reads why a session ends, with its advice', async () => {
    const { hub, client: create } = await serveHub({
      authenticate: ({ token }) => ({ user: token ?? '' }),
      namespaces: { '': { publish: 'anyone', readHistory: 'anyone' } },
      rpc: { double: (n) => (n as number) * 2 },
    })
    const client = create({ transports, token: 'ann' })
    expect(await client.rpc('double', 2)).toBe(4)
    await client.publish('a', { n: 1 }, { idempotencyKey: 'k' })
    await client.publish('a', { n: 1 }, { idempotencyKey: 'k' })
    const subscription = client.subscribe('a')
    await subscription.ready()
    expect((await subscription.history()).publications).toMatchObject([{ data: { n: 1 }, offset: 1 }])
    const leaving = next<ClientState>(client, 'connecting')
    await hub.sessions.disconnect({ user: 'ann' }, { code: 3001, reason: 'shutdown', delayMs: 5 })
    expect(await leaving).toMatchObject({ reason: { name: 'shutdown', text: 'shutdown', delayMs: 5, retryable: true } })
    await next(client, 'connected')
    const ended = next<ClientState>(client, 'disconnected')
    await hub.sessions.disconnect({ user: 'ann' }, { code: 4500, reason: 'Your account was closed.' })
    expect(await ended).toMatchObject({ reason: { name: 'applicationFinal', text: 'Your account was closed.' } })
  })

  test('a line that goes dead without a word is found out, and what was missed recovered over another', async () => {
    const { hub, line, client: create } = await serveHub({ sessions: { pingIntervalMs: 1000 } })
    const client = create({ transports, maxPingDelayMs: 100, probeTimeoutMs: 200, connectTimeoutMs: 500 })
    const subscription = client.subscribe('a')
    const heard: unknown[] = []
    subscription.on('publication', ({ data }) => heard.push(data))
    await subscription.ready()
    for (const dead of line.lines) dead.shape({ ...HEALTHY, stalled: ['up', 'down'] })
    const doubted = next<ClientState>(client, 'state')
    const lost = next<ClientState>(client, 'connecting')
    await hub.publish('a', 1)
    expect(await doubted).toMatchObject({ phase: 'connected', isSuspect: true })
    expect(await lost).toMatchObject({ reason: { name: 'noPing' } })
    await subscription.ready()
    if (heard.length === 0) await next(subscription, 'publication')
    expect(heard).toEqual([1])
  })

  test('nobody there: it is unreachable, and comes back', async () => {
    const { line, client: create } = await serveHub()
    line.cut()
    const client = create({ transports })
    client.connect()
    const { reason } = await next<Connecting>(client, 'connecting', ({ failures }) => failures > 2)
    expect(reason).toMatchObject({ name: 'unreachable', retryable: true })
    line.mend()
    await client.ready()
  })
})

describe('what is no hub', () => {
  test('an echo server', async () => {
    const server = createServer()
    const echo = new WebSocketServer({ server })
    echo.on('connection', (socket) => socket.on('message', () => socket.send('hello')))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      for (const socket of echo.clients) socket.terminate()
      server.close()
    })
    const { port } = server.address() as AddressInfo
    const client = new Client(`ws://127.0.0.1:${port}/`, { transports: [webSocket({ WebSocket })] })
    await expect(client.ready()).rejects.toMatchObject({ code: 'ERR_DISCONNECTED', reason: { name: 'notAHub' } })
  })

  test('a message that is too large for the hub', async () => {
    const { client: create } = await serveHub({ sessions: { maxMessageBytes: 1024 }, rpc: () => null })
    const client = create()
    await client.ready()
    const ended = next<ClientState>(client, 'disconnected')
    await expect(client.rpc('large', 'x'.repeat(2000))).rejects.toMatchObject({ code: 'ERR_NOT_ACKNOWLEDGED' })
    expect(await ended).toMatchObject({ reason: { name: 'messageTooLarge', code: 1009 } })
  })
})

test('without a WebSocket class it says so, and tries again', async () => {
  const { url } = await serveHub()
  const client = new Client(url, { transports: [webSocket({ WebSocket: undefined as never })] })
  onTestFinished(() => client.disconnect())
  if (globalThis.WebSocket !== undefined) return client.ready()
  client.connect()
  const { reason } = await next<Connecting>(client, 'connecting', ({ failures }) => failures > 0)
  expect(reason).toMatchObject({ name: 'unreachable', text: expect.stringContaining('WebSocket') })
})
