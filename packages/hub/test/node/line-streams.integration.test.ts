import { createMemoryBroker } from '@wigwag/hub/node'
import { describe, expect, test } from 'vitest'
import { openLines } from '../support/line-stream.ts'
import { connectRaw } from '../support/raw-http.ts'
import { openSocket, type ServedChannels, serveChannels, untilSubscribed } from '../support/served-channels.ts'

const STREAM = ['Host: localhost', 'Accept: application/x-ndjson']

async function positions({ hub }: ServedChannels, ...data: readonly string[]): Promise<string[]> {
  const published = await Promise.all(data.map((each) => hub.publish('a', each)))
  return published.map(({ position }) => `${position?.epoch}:${position?.offset}`)
}

describe('a stream of lines', () => {
  test('begins at once: when to come back, where the stream stands, then what is published', async () => {
    const served = await serveChannels()
    const [, second] = await positions(served, 'one', 'two')
    const { response, lines, next } = await openLines(served.url('/channel/a'))
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/x-ndjson',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      vary: 'Accept, Origin',
    })
    expect((await next()).retry).toBeGreaterThanOrEqual(1000)
    expect(await next()).toEqual({ live: { position: second, recovered: 0 } })
    await served.hub.publish('a', { n: 3 }, { tags: { type: 'count' } })
    await served.hub.publish('a', Uint8Array.of(0, 255))
    const third = await next()
    expect(third).toMatchObject({ offset: 3, tags: { type: 'count' }, data: { n: 3 } })
    expect(Object.keys(third)).toEqual(['offset', 'epoch', 'time', 'tags', 'data'])
    expect(await next()).toMatchObject({ offset: 4, b64data: 'AP8=' })
    expect(lines).toHaveLength(4)
    expect(served.endpoint.stats.ndjson).toEqual({ open: 1, dropped: 0 })
  })

  test('has the lines that a WebSocket with wigwag.publication.v1 has', async () => {
    const served = await serveChannels()
    const { next } = await openLines(served.url('/channel/a'))
    const socket = await openSocket(served.url('/channel/a'), { subprotocols: ['wigwag.publication.v1'] })
    await untilSubscribed(served.hub, 2)
    await next('live')
    for (const data of ['text\nof two lines', { a: [null] }, Uint8Array.of(7), '']) {
      await served.hub.publish('a', data, { tags: { type: 'x' } })
      expect(await next()).toEqual(JSON.parse(String(await socket.next())))
    }
  })

  test('resumes behind ?after= and behind Last-Event-ID, which wins', async () => {
    const served = await serveChannels()
    const [first, second] = await positions(served, '1', '2', '3')
    const url = served.url(`/channel/a?after=${first}`)
    expect((await (await openLines(url)).next('data')).data).toBe('2')
    const resumed = await openLines(url, { 'last-event-id': second ?? '' })
    expect((await resumed.next('data')).data).toBe('3')
    expect((await resumed.next()).live).toMatchObject({ recovered: 1 })
  })

  test('tells a gap in a line, then what there is', async () => {
    const served = await serveChannels({ history: { size: 1 } })
    const [first, , third] = await positions(served, '1', '2', '3')
    const { next } = await openLines(served.url(`/channel/a?after=${first}`))
    expect(await next('gap')).toEqual({ gap: { reason: 'history-expired', after: first, position: third } })
    expect(await next()).toMatchObject({ data: '3' })
  })

  test('has lines without positions where no history is kept', async () => {
    const { url, hub } = await serveChannels({ history: { size: 0 } })
    const { next } = await openLines(url('/channel/a'))
    expect(await next('live')).toEqual({ live: { recovered: 0 } })
    await hub.publish('a', 'x')
    expect(await next()).toEqual({ time: expect.any(Number), data: 'x' })
  })

  test('breaks its silence with an empty object: a line that every reader of JSON lines can read', async () => {
    const { url } = await serveChannels({ pingIntervalMs: 5 })
    const { next, lines } = await openLines(url('/channel/a'))
    await next('live')
    expect([await next(), await next()]).toEqual([{}, {}])
    expect(lines.length).toBeGreaterThanOrEqual(4)
  })

  test('says why it cannot go on', async () => {
    const broker = createMemoryBroker()
    broker.subscribe = () => Promise.reject(new Error('no route'))
    const { url } = await serveChannels({ broker })
    const { next, ended } = await openLines(url('/channel/a'))
    const { failure } = await next('failure')
    expect(failure).toMatchObject({ code: 'ERR_BROKER_UNAVAILABLE', message: expect.stringContaining('is away') })
    await ended
  })

  test('that is not read ends when maxQueuedBytes wait for it, in order and without a hole', async () => {
    const { port, hub, url, endpoint } = await serveChannels({ maxQueuedBytes: 64 * 1024 })
    const raw = await connectRaw(port)
    raw.write('GET /channel/a HTTP/1.1', ...STREAM)
    await raw.until(/"live"/)
    raw.socket.pause()
    const reader = await openSocket(url('/channel/a'), { maxMessageBytes: 10_000_000 })
    await untilSubscribed(hub, 2)
    for (let i = 0; endpoint.stats.ndjson.open === 1; i++) {
      await hub.publish('a', String(i).padEnd(100_000))
      await reader.next()
    }
    expect(endpoint.stats.ndjson).toEqual({ open: 0, dropped: 1 })
    raw.socket.resume()
    await raw.until(/\r\n0\r\n\r\n$/)
    const received = [...raw.text().matchAll(/"data":"(\d+) /g)].map(([, number]) => Number(number))
    expect(received).toEqual(received.map((_, i) => i))
  })

  test('ends with the server: another line says when to come back, if that is later', async () => {
    const { url, hub } = await serveChannels({ sessions: { maxSessionsPerSecond: 1 } })
    const first = await openLines(url('/channel/a'))
    await first.next('live')
    const last = await openLines(url('/channel/a'))
    await last.next('live')
    await hub.drain({ overMs: 0 })
    await Promise.all([first.ended, last.ended])
    expect([(await first.next('retry')).retry, (await last.next('retry')).retry]).toEqual([1000, 1000])
  })

  test('ends with the client: it is unsubscribed', async () => {
    const { port, hub } = await serveChannels()
    const raw = await connectRaw(port)
    raw.write('GET /channel/a HTTP/1.1', ...STREAM)
    await untilSubscribed(hub, 1)
    raw.socket.destroy()
    await untilSubscribed(hub, 0)
  })

  test('over HTTP/1.0 it is the rest of the connection, without chunks', async () => {
    const { port, hub, endpoint } = await serveChannels()
    const raw = await connectRaw(port)
    raw.write('GET /channel/a HTTP/1.0', ...STREAM)
    await raw.until(/"live"/)
    await hub.publish('a', 'x')
    const text = await raw.until(/"data":"x"\}\n$/)
    expect(text).not.toMatch(/transfer-encoding/i)
    await endpoint.close()
    await raw.closed
  })
})

test.each([
  ['text/event-stream', 'text/event-stream; charset=utf-8'],
  ['application/x-ndjson', 'application/x-ndjson'],
  ['APPLICATION/NDJSON', 'application/x-ndjson'],
  ['application/x-ndjson, text/event-stream', 'application/x-ndjson'],
  ['application/x-ndjson;q=0.5, text/event-stream', 'text/event-stream; charset=utf-8'],
  ['text/event-stream;q=0, application/x-ndjson;q=0.1, */*', 'application/x-ndjson'],
  ['text/event-stream;q=0, */*', null],
  ['*/*', null],
  ['application/json', null],
])('who accepts %s is answered with %s, and with the same head to HEAD', async (accept, type) => {
  const { url, hub } = await serveChannels()
  const abort = new AbortController()
  const response = await fetch(url('/channel/a'), { headers: { accept }, signal: abort.signal })
  expect(response.headers.get('content-type')).toBe(type)
  const head = await fetch(url('/channel/a'), { method: 'HEAD', headers: { accept } })
  const comparable = ({ headers }: Response): unknown =>
    [...headers].filter(([name]) => !['date', 'transfer-encoding', 'connection', 'keep-alive'].includes(name))
  expect(comparable(head)).toEqual(comparable(response))
  expect(head.status).toBe(response.status)
  abort.abort()
  await untilSubscribed(hub, 0)
})
