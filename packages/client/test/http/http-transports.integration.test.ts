import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Client, type ClientState, type Publication } from '@wigwag/client'
import { type HttpTransportOptions, httpStream } from '@wigwag/client/http-stream'
import { longPoll } from '@wigwag/client/long-poll'
import { poll } from '@wigwag/client/poll'
import { describe, expect, onTestFinished, test } from 'vitest'
import { next, serveHub } from '../support/served-hub.ts'
import { TRANSPORTS } from '../support/transports.ts'

type Ended = ClientState & { readonly phase: 'connecting' | 'disconnected' }

const BY_FETCH = [
  ['an HTTP stream', (options: HttpTransportOptions) => httpStream(options)],
  ['long polls', (options: HttpTransportOptions) => longPoll(options)],
  ['polls', (options: HttpTransportOptions) => poll({ ...options, intervalMs: 10 })],
] as const
const isEnd = ({ reason }: Ended): boolean => reason.name !== 'connectCalled'

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

describe.each(TRANSPORTS.slice(2))('over %s', (_name, create) => {
  test('a greeting that is larger than a request may be goes in several, and order is kept behind it', async () => {
    const { hub, client: createClient } = await serveHub({
      sessions: { maxChannels: 1000 },
      rpc: { echo: (data) => data as number },
    })
    const client = createClient({ transports: [create()], timeoutMs: 20_000, connectTimeoutMs: 20_000 })
    const channels = Array.from({ length: 600 }, (_, i) => `${i}-${'é'.repeat(200)}`)
    const subscriptions = channels.map((channel) => client.subscribe(channel))
    await Promise.all(subscriptions.map((each) => each.ready()))
    const heard = subscriptions.map((each) => next<Publication>(each, 'publication'))
    for (const channel of channels) await hub.publish(channel, channel)
    expect((await Promise.all(heard)).map(({ data }) => data)).toEqual(channels)
    const answers = Array.from({ length: 300 }, (_, i) => client.rpc('echo', i))
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 300 }, (_, i) => i))
  })

  test('a packet that is larger than a hub takes ends it with what to do', async () => {
    const { client: createClient } = await serveHub({ rpc: { echo: (data) => data as string } })
    const client = createClient({ transports: [create()] })
    await client.ready()
    const ended = next<Ended>(client, 'disconnected')
    await expect(client.rpc('echo', 'x'.repeat(70_000))).rejects.toMatchObject({ code: 'ERR_NOT_ACKNOWLEDGED' })
    expect(await ended).toMatchObject({ reason: { name: 'messageTooLarge', code: 413 } })
  })
})

describe.each(BY_FETCH)('over %s', (_name, create) => {
  test('each request has a signal of its own: one of them all would remember every one', async () => {
    const signals: AbortSignal[] = []
    const fetchAndKeep: HttpTransportOptions['fetch'] = (url, init) => {
      signals.push(init.signal as AbortSignal)
      return fetch(url, init)
    }
    const { client: createClient } = await serveHub({ rpc: { nothing: () => null } })
    const client = createClient({ transports: [create({ fetch: fetchAndKeep })] })
    for (let i = 0; i < 5; i++) await client.rpc('nothing')
    expect(new Set(signals).size).toBe(signals.length)
    expect(signals.length).toBeGreaterThan(5)
    expect(signals.filter(({ aborted }) => aborted)).toEqual([])
  })

  test.each([
    [
      'a portal',
      (_, response) => response.setHeader('content-type', 'text/html').end('<h1>Log in</h1>'),
      { name: 'notFound', code: 200, retryable: true },
    ],
    [
      'a proxy that finds nobody',
      (_, response) => response.writeHead(502).end(),
      { name: 'unreachable', code: 502, retryable: true },
    ],
    [
      'a hub that is full',
      (_, response) => response.writeHead(503, { 'content-type': 'text/plain', 'retry-after': '3' }).end('Too many.\n'),
      { name: 'refusedForNow', code: 503, text: 'Too many.', delayMs: 3000 },
    ],
    [
      'a door that is shut',
      (_, response) => response.writeHead(403, { 'content-type': 'text/plain' }).end('Not you.'),
      { name: 'forbidden', text: 'Not you.', retryable: true },
    ],
    ['what hangs up', (request) => request.socket.destroy(), { name: 'unreachable' }],
    // A stream may have ended early; a poll without its JSON is none.
    [
      'what answers nothing',
      (_, response) => response.end(),
      { name: expect.stringMatching(/^(unreachable|notFound)$/) },
    ],
  ] satisfies [string, RequestListener, object][])('%s', async (_what, listener, reason) => {
    const client = new Client(await serve(listener as RequestListener), { transports: [create({})] })
    onTestFinished(() => client.disconnect())
    const ended = next<Ended>(client, 'state', isEnd)
    client.connect()
    expect((await ended).reason).toMatchObject(reason)
  })

  test('what is sent and finds nobody ends the connection, and nothing is sent again', async () => {
    const { client: createClient } = await serveHub({ rpc: { count: () => ++calls } })
    let calls = 0
    let posts = 0
    const failing: HttpTransportOptions['fetch'] = async (to, init) => {
      if (to.pathname !== '/emulation' || posts++ > 0) return fetch(to, init)
      // The hub takes it, and its answer is lost.
      await fetch(to, init)
      throw new TypeError('fetch failed')
    }
    const client = createClient({ transports: [create({ fetch: failing })] })
    await client.ready()
    const lost = next<Ended>(client, 'connecting')
    const call = client.rpc('count').catch(({ code }) => code)
    const outcome = await call
    // Over a stream the answer may be there before that of the request.
    expect([1, 'ERR_NOT_ACKNOWLEDGED']).toContain(outcome)
    expect((await lost).reason).toMatchObject({ name: 'sendFailed', text: 'TypeError: fetch failed' })
    await client.ready()
    expect(await client.rpc('count')).toBe(2)
  })
})
