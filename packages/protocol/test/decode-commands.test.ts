import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeCommands, ErrorCode, encodePacket, type Method } from '../src/index.ts'

const one = (packet: unknown) => decodeCommands(JSON.stringify(packet))

/** A whole request of each method. */
const WHOLE: Readonly<Record<Method, unknown>> = {
  connect: {
    token: 't',
    data: { a: [1, null] },
    name: 'js',
    version: '1.2.3',
    headers: { Authorization: 'x' },
    subs: { news: { recover: true, epoch: 'e', offset: 7 } },
  },
  subscribe: {
    channel: 'news',
    token: 't',
    recover: true,
    epoch: 'e',
    offset: 7,
    data: null,
    positioned: true,
    recoverable: true,
    join_leave: true,
  },
  unsubscribe: { channel: 'news' },
  publish: { channel: 'news', data: null, idempotency_key: 'k' },
  presence: { channel: 'news' },
  presence_stats: { channel: 'news' },
  history: { channel: 'news', limit: -1, since: { offset: 3, epoch: 'e' }, reverse: true },
  ping: {},
  send: { data: 'hello' },
  rpc: { method: 'sum', data: [1, 2] },
  refresh: { token: 't' },
  sub_refresh: { channel: 'news', token: 't' },
}

describe('commands', () => {
  for (const [method, request] of Object.entries(WHOLE)) {
    test(`${method} with everything it can carry`, () => {
      expect(one({ id: 5, [method]: request })).toEqual({
        ok: true,
        packets: [{ kind: 'command', command: { method, id: 5, request } }],
      })
    })
  }

  test('several in one message, one a line, empty lines apart', () => {
    const lines = ['{"id":1,"ping":{}}', '', '{}', ' {"id":2,"unsubscribe":{"channel":"a"}}\r', '']
    const decoded = decodeCommands(lines.join('\n'))
    expect(decoded).toEqual({
      ok: true,
      packets: [
        { kind: 'command', command: { method: 'ping', id: 1, request: {} } },
        { kind: 'pong' },
        { kind: 'command', command: { method: 'unsubscribe', id: 2, request: { channel: 'a' } } },
      ],
    })
  })

  test('send has no reply, and needs no id', () => {
    expect(one({ send: { data: 1 } })).toEqual({
      ok: true,
      packets: [{ kind: 'command', command: { method: 'send', id: 0, request: { data: 1 } } }],
    })
  })

  test('fields that nobody knows are ignored, and null stands for absent', () => {
    expect(one({ id: 1, later: true, subscribe: { channel: 'a', token: null, delta: 'fossil' } })).toEqual({
      ok: true,
      packets: [{ kind: 'command', command: { method: 'subscribe', id: 1, request: { channel: 'a' } } }],
    })
  })

  test('a channel may have any name', () => {
    const decoded = decodeCommands('{"id":1,"connect":{"subs":{"__proto__":{"recover":true}}}}')
    if (!decoded.ok || decoded.packets[0]?.kind !== 'command') throw new Error('not decoded')
    const { command } = decoded.packets[0]
    if (command.method !== 'connect') throw new Error('another method')
    expect(Object.entries(command.request.subs ?? {})).toEqual([['__proto__', { recover: true }]])
    expect(({} as { recover?: boolean }).recover).toBeUndefined()
  })
})

describe('what can be answered is refused by name', () => {
  const BAD = ErrorCode.badRequest
  const refusals: [what: unknown, code: number, message: string][] = [
    [{ id: 1, dance: {} }, ErrorCode.methodNotFound, 'There is no method "dance".'],
    [{ id: 1 }, ErrorCode.methodNotFound, 'The command names no method.'],
    [{ id: 1, constructor: {} }, ErrorCode.methodNotFound, 'There is no method "constructor".'],
    [{ id: 1, subscribe: [] }, BAD, '"subscribe" must be an object.'],
    [{ id: 1, subscribe: {} }, BAD, '"subscribe.channel" must be a string.'],
    [{ id: 1, subscribe: { channel: 7 } }, BAD, '"subscribe.channel" must be a string.'],
    [{ id: 1, subscribe: { channel: 'a', recover: 1 } }, BAD, '"subscribe.recover" must be true or false.'],
    [
      { id: 1, subscribe: { channel: 'a', offset: -1 } },
      BAD,
      '"subscribe.offset" must be a whole number from 0 to 9007199254740991.',
    ],
    [{ id: 1, publish: { channel: 'a' } }, BAD, '"publish.data" must be given: any JSON value.'],
    [
      { id: 1, publish: { channel: 'a', data: 1, idempotency_key: 7 } },
      BAD,
      '"publish.idempotency_key" must be a string.',
    ],
    [
      { id: 1, history: { channel: 'a', limit: 0.5 } },
      BAD,
      '"history.limit" must be a whole number from -1 to 2147483647.',
    ],
    [
      { id: 1, history: { channel: 'a', since: 4 } },
      BAD,
      '"history.since" must be an object with an offset and an epoch.',
    ],
    [{ id: 1, history: { channel: 'a', since: { epoch: 4 } } }, BAD, '"history.since.epoch" must be a string.'],
    [{ id: 1, connect: { headers: { a: 1 } } }, BAD, '"connect.headers" must be an object whose values are strings.'],
    [{ id: 1, connect: { subs: [] } }, BAD, '"connect.subs" must be an object of subscriptions by channel.'],
    [
      { id: 1, connect: { subs: { a: { offset: 'x' } } } },
      BAD,
      '"connect.subs.a.offset" must be a whole number from 0 to 9007199254740991.',
    ],
    [{ id: 1, refresh: {} }, BAD, '"refresh.token" must be a string.'],
  ]
  for (const [packet, code, message] of refusals) {
    test(message, () => {
      expect(one(packet)).toEqual({ ok: true, packets: [{ kind: 'refused', id: 1, code, message }] })
    })
  }
})

describe('what cannot be answered ends the session', () => {
  const faults: [text: string, fault: string][] = [
    ['', 'an empty message'],
    ['\n \n', 'an empty message'],
    ['hello', 'a line that is no JSON'],
    ['{"id":1,"ping":{}}\n{', 'a line that is no JSON'],
    ['[]', 'a line that is no JSON object'],
    ['null', 'a line that is no JSON object'],
    ['{"id":"1","ping":{}}', 'an "id" that is no whole number from 0 to 4294967295'],
    ['{"id":-1,"ping":{}}', 'an "id" that is no whole number from 0 to 4294967295'],
    ['{"ping":{}}', 'a command "ping" without an "id"'],
    ['{"dance":{}}', 'a command without an "id"'],
    ['{"send":{}}', '"send.data" must be given: any JSON value'],
  ]
  for (const [text, fault] of faults) {
    test(JSON.stringify(text), () => expect(decodeCommands(text)).toEqual({ ok: false, fault }))
  }

  test('more packets than maxBatch', () => {
    expect(decodeCommands('{}\n{}\n{}', { maxBatch: 3 }).ok).toBe(true)
    expect(decodeCommands('{}\n{}\n{}\n{}', { maxBatch: 3 })).toEqual({
      ok: false,
      fault: 'more than 3 commands in one message',
    })
  })

  test('JSON that nests deeper than maxDepth, and not what only looks like it', () => {
    const nested = (depth: number) => `{"id":1,"send":{"data":${'['.repeat(depth)}${']'.repeat(depth)}}}`
    expect(decodeCommands(nested(126)).ok).toBe(true)
    expect(decodeCommands(nested(127))).toEqual({ ok: false, fault: 'JSON nests deeper than 128' })
    expect(decodeCommands(`{"send":{"data":"${'[\\"{'.repeat(200)}"}}`).ok).toBe(true)
  })
})

describe('properties', () => {
  test('what is written is what is read', () => {
    const requests = fc.constantFrom(...Object.keys(WHOLE)).map((method) => [method, WHOLE[method as Method]] as const)
    const packets = fc.array(fc.tuple(fc.integer({ min: 1, max: 2 ** 32 - 1 }), requests), {
      minLength: 1,
      maxLength: 20,
    })
    fc.assert(
      fc.property(packets, (list) => {
        const text = list.map(([id, [method, request]]) => encodePacket({ id, [method]: request } as never)).join('\n')
        expect(decodeCommands(text)).toEqual({
          ok: true,
          packets: list.map(([id, [method, request]]) => ({ kind: 'command', command: { method, id, request } })),
        })
      }),
    )
  })

  test('no text makes it throw', { timeout: 30_000 }, () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.jsonValue().map((value) => JSON.stringify({ id: 1, subscribe: value, connect: value })),
      fc
        .tuple(
          fc.constantFrom(...Object.keys(WHOLE)),
          fc.dictionary(
            fc.constantFrom('channel', 'data', 'since', 'subs', 'headers', 'limit', 'token', 'method'),
            fc.jsonValue(),
          ),
        )
        .map(([method, request]) => JSON.stringify({ id: 1, [method]: request })),
    )
    fc.assert(
      fc.property(texts, (text) => {
        const decoded = decodeCommands(text)
        // Whatever is carried out can be written again.
        if (decoded.ok) JSON.stringify(decoded.packets)
      }),
      { numRuns: 2000 },
    )
  })
})
