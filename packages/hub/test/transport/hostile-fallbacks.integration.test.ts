import { HttpWire, WIRE_TRANSPORTS, type WireAnswer, type WireReader, type WireTransport } from '@wigwag/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { serveChannels } from '../support/served-channels.ts'

const CONNECT = '{"id":1,"connect":{}}'

async function wireTo(port: number): Promise<HttpWire> {
  const wire = await HttpWire.connect(port)
  onTestFinished(() => wire.reset())
  return wire
}

async function post(port: number, path: string, body: object | string): Promise<WireAnswer> {
  const wire = await wireTo(port)
  return wire.ask({ method: 'POST', path, body: typeof body === 'string' ? body : JSON.stringify(body) })
}

interface Address {
  readonly node: string
  readonly session: string
}

/** A session that is polled, and what its first answer said. */
async function openPolled(port: number): Promise<Address & { readonly last: number }> {
  const { body } = await post(port, '/connection/long_poll', CONNECT)
  const { last, packets } = JSON.parse(body) as { last: number; packets: { connect: Address }[] }
  const { node = '', session = '' } = packets[0]?.connect ?? {}
  return { node, session, last }
}

describe('sessions without a WebSocket, asked for by a stranger', () => {
  test.each(['/connection/http_stream', '/connection/long_poll', '/emulation'])(
    'a body of %s that stalls is given up, and so is one that drips',
    async (path) => {
      const { port, endpoint } = await serveChannels({ bodyTimeoutMs: 60 })
      for (const drips of [false, true]) {
        const wire = await wireTo(port)
        wire.send({ method: 'POST', path, headers: { 'Content-Length': '1000' } })
        const drip = setInterval(() => wire.write('{'), 5)
        if (!drips) clearInterval(drip)
        const { status, headers } = await wire.answer()
        clearInterval(drip)
        expect([status, headers.get('connection')]).toEqual([408, 'close'])
      }
      while (endpoint.stats.admission.connections > 0) await new Promise((resolve) => setImmediate(resolve))
    },
  )

  test('who guesses, or knows half of an address, is told what everybody is told who asks for nothing', async () => {
    const { hub, port } = await serveChannels()
    const { node, session, last } = await openPolled(port)
    const [client = '', secret = ''] = session.split('.')
    const data = '{"id":2,"subscribe":{"channel":"a"}}'
    const guesses = [
      client,
      `${client}.`,
      `${client}.${secret.slice(0, -1)}`,
      `${client}.${secret}x`,
      `${client}.${secret.toUpperCase()}\u0000`,
      `${client}.${'0'.repeat(secret.length)}`,
      `x.${secret}`,
      `.${secret}`,
      '',
      '__proto__.x',
      'x'.repeat(60_000),
    ]
    const nobody = await post(port, '/emulation', { node, session: 'nobody.nothing', data })
    expect(nobody.status).toBe(404)
    for (const guess of guesses) {
      const answers = [
        await post(port, '/emulation', { node, session: guess, data }),
        await post(port, '/connection/long_poll?wait=5', { node, session: guess, last }),
        await post(port, '/emulation', { node: 'elsewhere', session: guess, data }),
      ]
      for (const { status, body } of answers) expect([guess, status, body]).toEqual([guess, 404, nobody.body])
    }
    expect(hub.stats.subscriptions).toBe(0)
    expect((await post(port, '/emulation', { node, session, data })).status).toBe(204)
  })

  test('what is no address, and numbers that are none, are refused, and the session goes on', async () => {
    const { port } = await serveChannels()
    const { node, session, last } = await openPolled(port)
    const polls: [unknown, number][] = [
      [{ node, session }, 400],
      [{ node, session, last: -1 }, 400],
      [{ node, session, last: 0.5 }, 400],
      [{ node, session, last: 1e308 }, 400],
      [{ node, session, last: '1' }, 400],
      [{ node: [node], session, last }, 400],
      [{ node, session, last: 9_007_199_254_740_991 }, 409],
    ]
    for (const [poll, expected] of polls) {
      const { status } = await post(port, '/connection/long_poll?wait=0', poll as object)
      expect([poll, status]).toEqual([poll, expected])
    }
    for (const body of ['', 'null', '[]', '{"node":1}', '{"__proto__":{}}', '{'.repeat(60_000)]) {
      expect([body, (await post(port, '/emulation', body)).status]).toEqual([body, 400])
    }
    for (const wait of ['-1', 'x', '1e9', '']) {
      const { status } = await post(port, `/connection/long_poll?wait=${wait}`, { node, session, last })
      expect([wait, status]).toEqual([wait, 400])
    }
    const { status, body } = await post(port, '/connection/long_poll?wait=0', { node, session, last })
    expect([status, JSON.parse(body)]).toEqual([200, { last, packets: [] }])
  })

  test('hundreds of polls of one session at once: each is answered, one has what comes, and nothing is lost', async () => {
    const { hub, port, endpoint } = await serveChannels()
    const { node, session, last } = await openPolled(port)
    const data = '{"id":2,"subscribe":{"channel":"a"}}'
    await post(port, '/emulation', { node, session, data })
    const wires = await Promise.all(Array.from({ length: 200 }, () => wireTo(port)))
    const body = JSON.stringify({ node, session, last })
    const asked = wires.map((wire) => wire.ask({ method: 'POST', path: '/connection/long_poll?wait=20', body }))
    const answers: WireAnswer[] = []
    const all = Promise.all(asked.map(async (answer) => answers.push(await answer)))
    // One of them waits, all the others were answered.
    while (answers.length < asked.length - 1) await new Promise((resolve) => setImmediate(resolve))
    await hub.publish('a', 'news')
    await all
    expect(answers.map(({ status }) => status).filter((status) => status !== 200)).toEqual([])
    expect(answers.filter((answer) => answer.body.includes('"news"'))).toHaveLength(1)
    // It was not acknowledged: whoever asks again has it again.
    const again = await post(port, '/connection/long_poll?wait=0', { node, session, last })
    expect(again.body).toContain('"news"')
    expect(endpoint.stats.admission.connections).toBeLessThan(5)
  })

  test('an event stream does not begin with anything but one connect command, whatever a link says', async () => {
    const { hub, port } = await serveChannels()
    const publish = '{"id":2,"publish":{"channel":"a","data":1}}'
    const texts = [
      '',
      publish,
      `${CONNECT}\n${publish}`,
      `${publish}\n${CONNECT}`,
      'null',
      '[]',
      '{}',
      CONNECT.slice(1),
    ]
    for (const text of texts) {
      const wire = await wireTo(port)
      const path = `/connection/sse?cf_connect=${encodeURIComponent(text)}`
      expect([text, (await wire.ask({ path })).status]).toEqual([text, 400])
    }
    expect((await hub.history('a', 'latest')).publications).toEqual([])
  })
})

describe('what is published by a stranger cannot speak for the stream', () => {
  const transportOf = (carrier: WireTransport['carrier']): WireTransport =>
    WIRE_TRANSPORTS.find((each) => each.carrier === carrier && each.face === 'channel') as WireTransport

  test.each(['sse', 'http-stream', 'long-poll', 'websocket'] as const)('over %s', async (carrier) => {
    const { hub, port } = await serveChannels()
    const reader: WireReader = await transportOf(carrier).open(port, { channel: 'a' })
    onTestFinished(() => reader.cut())
    const forged = [
      '\n\nevent: gap\ndata: {}\n\n',
      '\r\rid: x:1\r\r',
      '{"gap":{"reason":"x"}}',
      '{"retry":9}',
      'id: a:1',
    ]
    const types = [
      'gap',
      'live',
      ' gap',
      'gap\n',
      'x\ndata: y',
      'x\r\nid: z:9',
      'failure',
      '\u2028',
      'ü'.repeat(300),
      'news',
    ]
    for (const type of types) {
      for (const data of forged) await hub.publish('a', data, { tags: { type, 'x\n\ny': 'z\n\nevent: gap' } })
    }
    const { position } = await hub.publish('a', 'end')
    const isOver = (): boolean => reader.told.some((told) => told.kind === 'publication' && told.data === 'end')
    while (!isOver() && reader.end === undefined) await reader.changed()
    const told = reader.told.filter(({ kind }) => kind !== 'standing' && kind !== 'keepalive')
    expect(told.map(({ kind }) => kind)).toEqual(
      Array.from({ length: types.length * forged.length + 1 }, () => 'publication'),
    )
    expect([reader.position, reader.end]).toEqual([position, undefined])
  })

  test.each([
    'a:99999999999999999999',
    'a:9007199254740993',
    'a:-1',
    'a:1e3',
    ':1',
    'a:',
    'a',
    `${'a'.repeat(5000)}:1`,
    'a\r\nX: y:1',
    '\u0000:1',
  ])('a position like %j is refused, or is of a stream that there is not', async (after) => {
    const { hub, port } = await serveChannels()
    await hub.publish('a', 'news')
    const wire = await wireTo(port)
    for (const query of ['after', 'last_event_id']) {
      const path = `/channel/a?${query}=${encodeURIComponent(after)}`
      const { status, headers } = await wire.ask({ path: `${path}&wait=0` })
      if (query === 'after') expect([after, status, headers.get('x')]).toEqual([after, 400, undefined])
      const stream = await wireTo(port)
      stream.send({ path, headers: { Accept: 'text/event-stream' } })
      expect([after, (await stream.head()).status]).toEqual([after, 400])
    }
  })
})
