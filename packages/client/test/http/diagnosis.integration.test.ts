import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Client, type ClientState, type CloseReason, webSocket } from '@wigwag/client'
import { CoreClient, diagnosed, severalTransports } from '@wigwag/client/core'
import { httpStream } from '@wigwag/client/http-stream'
import { Socket, type SocketWebSocket, diagnosed as socketDiagnosed } from '@wigwag/client/socket'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { blockWebSockets } from '../support/block-websockets.ts'
import { next, serveHub } from '../support/served-hub.ts'

type Connecting = Extract<ClientState, { phase: 'connecting' }>

/** What answers plain requests and lets no WebSocket in, on a free port; and what it was asked. */
async function serve(listener: RequestListener) {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    listener(request, response)
  })
  server.on('upgrade', (_request, socket) => socket.destroy())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked, server }
}

const transports = [webSocket({ WebSocket })]
const says =
  (status: number, text: string, headers: Record<string, string> = {}): RequestListener =>
  (_, response) =>
    response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end(text)

/** What is told of the first attempt, until it is as good as `name`. */
async function reasonsUntil(client: Client, name: string): Promise<CloseReason[]> {
  const reasons: CloseReason[] = []
  client.on('connecting', ({ reason }) => reasons.push(reason))
  const found = next<Connecting>(client, 'connecting', ({ reason }) => reason.name === name)
  client.connect()
  await found
  return reasons
}

test.each([
  ['a cookie that is too old', says(401, 'Log in.'), { name: 'forbidden', code: 401, text: 'Log in.' }],
  ['an origin', says(403, 'Origin "a" does not match.'), { name: 'forbidden', code: 403 }],
  ['a path where nothing is', says(404, 'Not found'), { name: 'notFound', code: 404 }],
  ['a login', says(302, '', { location: '/login' }), { name: 'notFound', code: 302 }],
  ['a page', (_, response) => response.end('<h1>Shop</h1>'), { name: 'notFound', code: 200 }],
  ['a rate', says(429, 'Wait.', { 'retry-after': '7' }), { name: 'refusedForNow', code: 429, delayMs: 7000 }],
  ['a server that is full', says(503, 'Full.', { 'retry-after': '3' }), { name: 'refusedForNow', delayMs: 3000 }],
  ['a proxy that passes plain requests alone', says(426, 'Upgrade.'), { name: 'webSocketBlocked', code: 426 }],
  [
    'a proxy with nobody behind it',
    says(502, 'Bad gateway.'),
    { name: 'unreachable', code: 502, text: 'Bad gateway.' },
  ],
] satisfies [string, RequestListener, object][])(
  'behind 1006: %s. It is told at once that it failed, and then why',
  async (_what, listener, reason) => {
    const { url, asked } = await serve(listener as RequestListener)
    const client = new Client(`${url}?ticket=t`, { transports, minDelayMs: 5000 })
    onTestFinished(() => client.disconnect())
    const told: object[] = []
    client.on('connecting', (state) => told.push(state))
    client.connect()
    await next<Connecting>(client, 'connecting', () => told.length === 3)
    expect(told).toMatchObject([
      { failures: 0, reason: { name: 'connectCalled' } },
      { failures: 1, reason: { name: 'unreachable', code: 1006 } },
      { failures: 1, reason: { ...reason, retryable: true } },
    ])
    expect(asked).toEqual(['POST /connection/websocket?ticket=t'])
  },
)

test('the time that a full server gives is kept, though browsers do not tell it', async () => {
  const headers = { 'content-type': 'text/plain' }
  const { url } = await serve((_, response) => response.writeHead(503, { ...headers, 'retry-after': '1' }).end('Full.'))
  const client = new Client(url, { transports, minDelayMs: 1, maxDelayMs: 1 })
  onTestFinished(() => client.disconnect())
  // The first is soon over: what comes late is the reason of those behind it.
  await reasonsUntil(client, 'refusedForNow')
  const fromMs = performance.now()
  await next<Connecting>(client, 'connecting', ({ reason }) => reason.code === 1006)
  expect(performance.now() - fromMs).toBeGreaterThan(900)
})

test('many attempts are one question, and what answers late or never holds none of them up', async () => {
  const { url, asked } = await serve(() => {})
  const client = new Client(url, { transports, minDelayMs: 1, maxDelayMs: 1 })
  onTestFinished(() => client.disconnect())
  client.connect()
  await next<Connecting>(client, 'connecting', ({ failures }) => failures === 20)
  expect(asked).toEqual(['POST /connection/websocket'])
})

test('where another transport is next, nobody is asked: what becomes of that tells', async () => {
  const { server, client: create } = await serveHub()
  const asked: unknown[] = []
  server.on('request', ({ method, url }) => asked.push(`${method} ${url}`))
  onTestFinished(blockWebSockets(server, 'refused'))
  const client = create({ transports: [...transports, httpStream()] })
  const reasons: string[] = []
  client.on('connecting', ({ reason }) => reasons.push(reason.name))
  await client.ready()
  expect(reasons).toEqual(['connectCalled', 'unreachable'])
  expect(asked).not.toContain('POST /connection/websocket')
})

test('a core asks when it is told to', async () => {
  const { url, asked } = await serve(says(404, 'Not found'))
  const silent = new CoreClient(url, { transport: severalTransports(transports), minDelayMs: 1, maxDelayMs: 1 })
  const asking = new CoreClient(url, { transport: severalTransports(transports, diagnosed) })
  onTestFinished(() => {
    for (const client of [silent, asking]) client.disconnect()
  })
  silent.connect()
  await next<Connecting>(silent, 'connecting', ({ failures }) => failures === 3)
  expect(asked).toEqual([])
  asking.connect()
  await next<Connecting>(asking, 'connecting', ({ reason }) => reason.name === 'notFound')
})

test.each([
  [says(403, 'Not you.'), { name: 'forbidden', text: 'Not you.' }],
  [says(503, 'Full.', { 'retry-after': '2' }), { name: 'refusedForNow', delayMs: 2000 }],
  [says(404, 'Not found'), { name: 'unreachable', code: 1006, text: 'a plain request is answered: Not found' }],
  [says(426, 'Upgrade'), { name: 'unreachable', text: 'a plain request is answered: Upgrade' }],
] as const)('of a server of any kind a socket believes what cannot be otherwise: %#', async (listener, reason) => {
  const { url, asked } = await serve(listener)
  const socket = new Socket(`${url}prices`, {
    WebSocket: WebSocket as never as SocketWebSocket,
    diagnose: socketDiagnosed,
    minDelayMs: 5000,
  })
  onTestFinished(() => socket.close())
  await next<Connecting>(socket, 'state', ({ phase, failures }) => phase === 'connecting' && failures === 1)
  expect(await next<Connecting>(socket, 'state')).toMatchObject({ phase: 'connecting', failures: 1, reason })
  expect(asked).toEqual(['GET /prices'])
})
