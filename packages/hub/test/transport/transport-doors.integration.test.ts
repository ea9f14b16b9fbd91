import { refuse } from '@wigwag/hub'
import { Tickets } from '@wigwag/hub/node'
import { HttpWire, type ReaderOptions, type ReaderRefused, WIRE_TRANSPORTS, type WireReader } from '@wigwag/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { serveChannels } from '../support/served-channels.ts'

/** Whoever is let in, or what the refusal was. */
async function comeIn(opening: Promise<WireReader>): Promise<WireReader | ReaderRefused> {
  try {
    const reader = await opening
    onTestFinished(() => reader.cut())
    return reader
  } catch (error) {
    return error as ReaderRefused
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

async function until(reader: WireReader, data: string, count = 1): Promise<void> {
  while (reader.told.filter((told) => told.kind === 'publication' && told.data === data).length < count) {
    if (reader.end !== undefined) throw new Error(`It ended with ${JSON.stringify(reader.end)} before ${data} came.`)
    await reader.changed()
  }
}

const LET_IN = { told: expect.any(Array) }

describe.each(WIRE_TRANSPORTS)('the doors of $name', ({ face, carrier, open }) => {
  const isSocket = carrier === 'websocket'
  const isPoll = carrier === 'poll' || carrier === 'long-poll'

  /** Comes in, and hears what is published. */
  async function follow(
    served: Awaited<ReturnType<typeof serveChannels>>,
    options: Partial<ReaderOptions>,
  ): Promise<WireReader> {
    const reader = await open(served.port, { channel: 'a', ...options })
    onTestFinished(() => reader.cut())
    await served.hub.publish('a', 'news')
    await until(reader, 'news')
    return reader
  }

  test('a cookie, a header and a ticket say who it is; without, and with a wrong one, nobody comes in', async () => {
    const tickets = new Tickets()
    const served = await serveChannels({
      tickets,
      authenticate: ({ header }) =>
        header?.('cookie') === 'user=ann' || header?.('authorization') === 'Bearer ann'
          ? { user: 'ann' }
          : refuse(401, 'Log in first.'),
      namespaces: { '': { subscribe: 'user' } },
    })
    await follow(served, { headers: { Cookie: 'user=ann' } })
    await follow(served, { headers: { Authorization: 'Bearer ann' } })
    const ticket = await tickets.issue({ user: 'ann' })
    // Each poll would need a ticket of its own.
    if (isPoll) expect(await comeIn(open(served.port, { channel: 'a', query: { ticket } }))).toMatchObject(LET_IN)
    else await follow(served, { query: { ticket } })
    const wrong: Partial<ReaderOptions>[] = [
      {},
      { headers: { Cookie: 'user=bob' } },
      { headers: { Authorization: 'Bearer bob' } },
      { query: { ticket } },
      { query: { ticket: 'A'.repeat(43) }, headers: { Cookie: 'user=ann' } },
    ]
    for (const options of wrong) {
      const refused = await comeIn(open(served.port, { channel: 'a', ...options }))
      expect(refused, JSON.stringify(options)).toBeInstanceOf(Error)
      if (face === 'channel') expect([401, 403]).toContain((refused as ReaderRefused).code)
    }
  })

  test('a page of its own origin and one of a list come in; one of another origin does not, and reads why if it is of the list', async () => {
    const allowed = 'https://app.example'
    const served = await serveChannels({ allowOrigins: [allowed] })
    const own = `http://127.0.0.1:${served.port}`
    const same = { Host: `127.0.0.1:${served.port}`, Origin: own, Cookie: 'a=b' }
    expect((await follow(served, { headers: same })).headers.has('access-control-allow-origin')).toBe(false)
    const reader = await follow(served, { headers: { Origin: allowed, Cookie: 'a=b' } })
    if (!isSocket) {
      expect(Object.fromEntries(reader.headers)).toMatchObject({
        'access-control-allow-origin': allowed,
        'access-control-allow-credentials': 'true',
        vary: expect.stringMatching(/\bOrigin\b/),
      })
    }
    for (const origin of [
      'https://evil.example',
      'null',
      `${allowed}.evil.example`,
      `http://127.0.0.1:${served.port}1`,
    ]) {
      const refused = await comeIn(open(served.port, { channel: 'a', headers: { ...same, Origin: origin } }))
      expect(refused, origin).toMatchObject({ code: 403 })
      expect((refused as ReaderRefused).headers.has('access-control-allow-origin'), origin).toBe(false)
    }
    const crossSite = { 'Sec-Fetch-Site': 'cross-site' }
    if (!isSocket)
      expect(await comeIn(open(served.port, { channel: 'a', headers: crossSite }))).toMatchObject({ code: 403 })
  })

  test('a name that is not the server’s own is not answered', async () => {
    const { port } = await serveChannels()
    const refused = await comeIn(open(port, { channel: 'a', headers: { Host: 'rebound.example' } }))
    expect(refused).toMatchObject({ code: 403 })
  })

  test.skipIf(carrier === 'poll')(
    'one address has so many connections, and another when one of them has gone',
    async () => {
      // A request counts as long as it is answered, so that polls which wait are connections, too.
      // What a session says beside its stream is no reason to refuse it.
      const limits = { maxConnections: 2, exempt: [] }
      const served = await serveChannels({ addressLimits: limits, sessionPollGapMs: 1000 })

      const readers = [await follow(served, {}), await follow(served, {})]
      while (served.endpoint.stats.admission.connections < 2) await new Promise((resolve) => setImmediate(resolve))
      const refused = await comeIn(open(served.port, { channel: 'a' }))
      expect(refused).toMatchObject({ code: 429 })
      expect(Number((refused as ReaderRefused).headers.get('retry-after'))).toBeGreaterThan(0)
      readers[0]?.cut()
      // A session that is polled has gone when it has not been asked for a while.
      while ((await comeIn(open(served.port, { channel: 'a' }))) instanceof Error) await sleep(20)
    },
  )

  test('one address asks so often a second', async () => {
    const served = await serveChannels({ addressLimits: { maxRequestsPerSecond: 1, maxBurst: 8, exempt: [] } })
    let refused: WireReader | ReaderRefused | undefined
    for (let i = 0; i < 9 && !(refused instanceof Error); i++)
      refused = await comeIn(open(served.port, { channel: 'a' }))
    expect(refused).toMatchObject({ code: 429 })
    expect(Number((refused as ReaderRefused).headers.get('retry-after'))).toBeGreaterThan(0)
  })

  test('who is not decided on in time is sent away, and told to come back', async () => {
    const never = (): Promise<never> => new Promise(() => {})
    const served = await serveChannels(
      face === 'channel'
        ? { authorize: never, authorizeTimeoutMs: 50 }
        : { authenticate: never, sessions: { connectTimeoutMs: 50 } },
    )
    const refused = await comeIn(open(served.port, { channel: 'a' }))
    if (face === 'channel') {
      expect(refused).toMatchObject({ code: 503 })
      expect(Number((refused as ReaderRefused).headers.get('retry-after'))).toBeGreaterThan(0)
    }
    // It was not the client that was late.
    else expect(refused).toMatchObject({ code: 3004 })
  })

  test.skipIf(isSocket)('a client, or a proxy, that speaks HTTP/1.0 follows as well, without chunks', async () => {
    const served = await serveChannels()
    const { headers } = await follow(served, { version: '1.0' })
    expect(headers.has('transfer-encoding')).toBe(false)
    await follow(served, { version: '1.0', headers: { Connection: 'keep-alive' } })
  })

  test.skipIf(!isPoll || face === 'session')(
    'polls go over one connection, and so does what is published between them',
    async () => {
      const served = await serveChannels()
      const reader = (await follow(served, {})) as WireReader & { readonly reused: number }
      for (const data of ['two', 'three']) {
        await served.hub.publish('a', data)
        await until(reader, data)
      }
      expect(reader.reused).toBeGreaterThanOrEqual(3)
      const wire = await HttpWire.connect(served.port)
      onTestFinished(() => wire.reset())
      const { status, headers } = await wire.ask({ path: '/channel/a' })
      expect(status).toBe(200)
      expect(await wire.ask({ method: 'POST', path: '/channel/a', body: 'four' })).toMatchObject({ status: 200 })
      const behind = { 'If-None-Match': headers.get('etag') }
      expect((await wire.ask({ path: '/channel/a', headers: behind })).body).toContain('"four"')
      expect((await wire.ask({ path: '/channel/a', headers: { 'If-None-Match': 'W/"x:0"' } })).status).toBe(200)
    },
  )

  test.each([
    ['in chunks', { 'Transfer-Encoding': 'chunked' }, '3\r\nchu\r\n4\r\nnked\r\n0\r\n\r\n', 'chunked'],
    ['of a length', {}, 'whole', 'whole'],
  ])('hears of a body that comes %s, and of one that waits to be asked for', async (_how, headers, body, data) => {
    const served = await serveChannels()
    const reader = await follow(served, {})
    const wire = await HttpWire.connect(served.port)
    onTestFinished(() => wire.reset())
    expect(await wire.ask({ method: 'POST', path: '/channel/a', headers, body })).toMatchObject({ status: 200 })
    await until(reader, data)
    const length = 'Transfer-Encoding' in headers ? {} : { 'Content-Length': String(body.length) }
    wire.send({ method: 'POST', path: '/channel/a', headers: { Expect: '100-continue', ...headers, ...length } })
    expect((await wire.head()).status).toBe(100)
    wire.write(body)
    expect(await wire.answer()).toMatchObject({ status: 200 })
    await until(reader, data, 2)
  })

  test('a hub that leaves says so to whoever comes, and when to come back', async () => {
    const served = await serveChannels()
    const reader = await follow(served, {})
    const draining = served.hub.drain({ overMs: 200 })
    const late = await comeIn(open(served.port, { channel: 'a' }))
    if (late instanceof Error) {
      expect(late.code).toBe(503)
      expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0)
    } else {
      // To a browser's EventSource any refusal would mean not to come back.
      expect([carrier, face]).toEqual([expect.stringMatching(/sse|http-stream/), 'channel'])
      while (late.end === undefined) await late.changed()
      expect(late.end.comeBackMs).toBeGreaterThan(0)
    }
    while (reader.end === undefined) await reader.changed()
    await draining
  })
})
