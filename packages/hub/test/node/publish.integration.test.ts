import type { Hub, Publication, PublicationData } from '@wigwag/hub'
import { describe, expect, test } from 'vitest'
import { connectRaw } from '../support/raw-http.ts'
import { openEvents, openSocket, serveChannels, untilSubscribed } from '../support/served-channels.ts'

interface Row {
  readonly what: string
  readonly body: string | Uint8Array
  readonly contentType: string | undefined
  /** As a message of a bare WebSocket. */
  readonly bare: string | Uint8Array
  /** In a line of `wigwag.publication.v1`. */
  readonly line: { readonly data?: unknown; readonly b64data?: string }
  /** As the latest of a poll. */
  readonly latest: { readonly type: string; readonly body: Uint8Array }
  /** As a server-sent event. */
  readonly event: { readonly type: string; readonly data: string }
}

const bytes = Uint8Array.of(0, 159, 255, 10)
const base64 = Buffer.from(bytes).toString('base64')
const text = (what: string, body: string, contentType: string | undefined): Row => ({
  what,
  body,
  contentType,
  bare: body,
  line: { data: body },
  latest: { type: 'text/plain; charset=utf-8', body: new TextEncoder().encode(body) },
  event: { type: 'message', data: body },
})
const json = (what: string, value: unknown): Row => ({
  what,
  body: JSON.stringify(value),
  contentType: 'application/json',
  bare: typeof value === 'string' ? value : JSON.stringify(value),
  line: { data: value },
  latest: {
    type: typeof value === 'string' ? 'text/plain; charset=utf-8' : 'application/json',
    body: new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value)),
  },
  event: { type: 'message', data: typeof value === 'string' ? value : JSON.stringify(value) },
})
const binary = (what: string, body: Uint8Array, contentType: string): Row => ({
  what,
  body,
  contentType,
  bare: body,
  line: { b64data: Buffer.from(body).toString('base64') },
  latest: { type: 'application/octet-stream', body },
  event: { type: 'bytes', data: Buffer.from(body).toString('base64') },
})

const TABLE: readonly Row[] = [
  text('text', 'hello žluťoučký 🐎', 'text/plain;charset=UTF-8'),
  text('text of two lines', 'a\nb', 'text/plain'),
  text('what curl --data sends', 'a=b&c', 'application/x-www-form-urlencoded'),
  text('JSON sent as text', '{"a":1}', 'text/plain'),
  text('nothing', '', 'text/plain'),
  json('a JSON object', { a: [1, null, 'ž'] }),
  json('a JSON string', 'text'),
  json('a JSON number', 0),
  json('JSON null', null),
  binary('bytes', bytes, 'application/octet-stream'),
  binary('no bytes', new Uint8Array(), 'application/octet-stream'),
  binary('an image', bytes, 'image/png'),
]

describe('what is published with POST arrives on every transport', () => {
  test.each(TABLE)('$what ($contentType)', async ({ body, contentType, bare, line, latest, event }) => {
    const { hub, url, publish } = await serveChannels()
    const [plain, lines, events] = await Promise.all([
      openSocket(url('/channel/a')),
      openSocket(url('/channel/a'), { subprotocols: ['wigwag.publication.v1'] }),
      openEvents(url('/channel/a')),
    ])
    const waiting = fetch(url('/channel/a?wait=50'))
    await untilSubscribed(hub, 4)
    const response = await publish('a', body, contentType)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json')
    const { offset, epoch, time } = (await response.json()) as { offset: number; epoch: string; time: number }
    expect(await plain.next()).toEqual(bare)
    expect(JSON.parse(String(await lines.next()))).toEqual({ offset, epoch, time, ...line })
    expect(await events.next()).toEqual({ ...event, id: `${epoch}:${offset}` })
    expect(await (await waiting).json()).toEqual([{ offset, epoch, time, ...line }])
    const poll = await fetch(url('/channel/a'))
    expect(poll.headers.get('content-type')).toBe(latest.type)
    expect(new Uint8Array(await poll.arrayBuffer())).toEqual(latest.body)
  })

  test('a body without Content-Type is text', async () => {
    const { port, hub, url } = await serveChannels()
    const plain = await openSocket(url('/channel/a'))
    await untilSubscribed(hub, 1)
    const raw = await connectRaw(port)
    raw.socket.write('POST /channel/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi')
    expect(await raw.until(/\}\n/)).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(await plain.next()).toBe('hi')
  })
})

describe('what a WebSocket sends is published to its channel, to itself as well', () => {
  test.each([
    ['text', 'hello ž', { data: 'hello ž' }],
    ['text that looks like JSON', '{"a":1}', { data: '{"a":1}' }],
    ['bytes', bytes, { b64data: base64 }],
  ])('%s', async (_what, sent, line) => {
    const { hub, url } = await serveChannels()
    const [sender, reader] = await Promise.all([
      openSocket(url('/channel/a')),
      openSocket(url('/channel/a'), { subprotocols: ['wigwag.publication.v1'] }),
    ])
    await untilSubscribed(hub, 2)
    sender.socket.send(sent)
    expect(await sender.next()).toEqual(sent)
    expect(JSON.parse(String(await reader.next()))).toMatchObject({ offset: 1, ...line })
  })

  test('in the order in which it was sent', async () => {
    const { hub, url } = await serveChannels()
    const { socket, next } = await openSocket(url('/channel/a'))
    await untilSubscribed(hub, 1)
    for (let i = 0; i < 200; i++) socket.send(String(i))
    for (let i = 0; i < 200; i++) expect(await next()).toBe(String(i))
  })
})

test('a channel name goes into the path percent-encoded, and into /ws?channel= as a query', async () => {
  const { hub, url, publish } = await serveChannels()
  const name = 'kůň/🐎&x=1+1%'
  const sockets = await Promise.all([
    openSocket(url(`/channel/${encodeURIComponent(name)}`)),
    openSocket(url(`/ws?channel=${encodeURIComponent(name)}`)),
  ])
  await untilSubscribed(hub, 2)
  await publish(name, 'x')
  for (const { next } of sockets) expect(await next()).toBe('x')
})

describe('history keeps bytes, not the chunk of the network that they came in', () => {
  /** The next publication of channel `a`, as the hub has it. */
  const nextData = (hub: Hub): Promise<PublicationData> =>
    new Promise((resolve) => {
      const deliver = (_encoded: unknown, { data }: Publication): void => resolve(data)
      hub.subscribe('a', { codec: { encode: () => undefined }, deliver, gap() {}, live() {}, failed() {} })
    })

  test.each(['POST', 'WebSocket'])('from a %s', async (way) => {
    const { hub, url, publish } = await serveChannels()
    const { socket } = await openSocket(url('/channel/a'))
    const next = nextData(hub)
    await untilSubscribed(hub, 2)
    if (way === 'POST') await publish('a', Uint8Array.of(1, 2, 3), 'application/octet-stream')
    else socket.send(Uint8Array.of(1, 2, 3))
    const data = (await next) as Uint8Array
    expect(data).toEqual(Uint8Array.of(1, 2, 3))
    expect(data.buffer.byteLength).toBe(3)
  })
})

describe('Idempotency-Key', () => {
  const post = (url: string, body: string, key: string): Promise<Response> =>
    fetch(url, { method: 'POST', body, headers: { 'idempotency-key': key } })

  test('a publisher that repeats itself is answered with the same position, and subscribers are told once', async () => {
    const served = await serveChannels()
    const socket = await openSocket(served.url('/channel/a'))
    const answers: unknown[] = []
    for (let i = 0; i < 3; i++) answers.push(await (await post(served.url('/channel/a'), 'x', 'order-7')).json())
    await served.publish('a', 'last')
    while (socket.messages.at(-1) !== 'last') await socket.next()
    expect(socket.messages).toEqual(['x', 'last'])
    expect(answers[1]).toEqual(answers[0])
    expect(answers[2]).toEqual(answers[0])
  })

  test('one that is too long is refused with 400 that says how long it may be', async () => {
    const served = await serveChannels()
    const response = await post(served.url('/channel/a'), 'x', 'k'.repeat(256))
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('1 to 255 characters')
  })
})
