import {
  encodeUpgradeRefusal,
  encodeUpgradeResponse,
  judgeUpgrade,
  parseRequestHead,
  parseResponseHead,
  type RequestHead,
  type UpgradePolicy,
  type UpgradeVerdict,
} from '@wigwag/socket/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const OPEN: UpgradePolicy = { origins: 'any', hosts: 'any' }

/** The fields of the RFC's own example (§1.2), as lines that a test may change. */
const GOOD: Readonly<Record<string, string | readonly string[]>> = {
  Host: 'server.example.com',
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Key': KEY,
  'Sec-WebSocket-Version': '13',
}

interface Change {
  readonly line?: string
  /** Fields by name; an array makes several lines, an empty one none. */
  readonly fields?: Readonly<Record<string, string | readonly string[]>>
  readonly policy?: UpgradePolicy
}

function judge({ line = 'GET /chat HTTP/1.1', fields = {}, policy = OPEN }: Change): UpgradeVerdict {
  const lines = Object.entries({ ...GOOD, ...fields }).flatMap(([name, values]) =>
    [values].flat().map((value) => `${name}: ${value}`),
  )
  return judgeUpgrade(parseRequestHead([line, ...lines].join('\r\n')) as RequestHead, policy)
}

function refusalOf(change: Change): { status: number; message: string; headers: Readonly<Record<string, string>> } {
  const verdict = judge(change)
  if (verdict.ok) return expect.unreachable('the request was accepted')
  return verdict.refusal
}

const VERSION_HEADERS = { 'sec-websocket-version': '13' }

describe('§4.2.1 a request that obeys every rule is an offer', () => {
  test('the example of §1.2', () => {
    const fields = { Origin: 'http://example.com', 'Sec-WebSocket-Protocol': 'chat, superchat' }
    expect(judge({ fields })).toEqual({
      ok: true,
      offer: { key: KEY, subprotocols: ['chat', 'superchat'], extensions: [] },
    })
  })

  test.each<[string, Change]>([
    ['other spelling of the tokens', { fields: { Upgrade: 'WebSocket', Connection: 'keep-alive, UPGRADE' } }],
    ['Connection in several lines', { fields: { Connection: ['keep-alive', 'Upgrade'] } }],
    ['Upgrade among other protocols', { fields: { Upgrade: 'h2c, websocket' } }],
    ['an absolute request-target', { line: 'GET http://server.example.com/chat HTTP/1.1' }],
    ['a later version of HTTP/1', { line: 'GET / HTTP/1.2' }],
    ['an empty body', { fields: { 'Content-Length': '0' } }],
    ['Host with a port', { fields: { Host: 'server.example.com:8080' } }],
    ['Host in IPv6', { fields: { Host: '[2001:db8::1]:443' } }],
  ])('%s', (_name, change) => {
    expect(judge(change).ok).toBe(true)
  })

  test('extensions are offered in the order of preference, over several lines', () => {
    const verdict = judge({ fields: { 'Sec-WebSocket-Extensions': ['a; b=1', 'c'] } })
    expect(verdict).toMatchObject({ offer: { extensions: [{ name: 'a', parameters: [['b', '1']] }, { name: 'c' }] } })
  })
})

describe('§4.2.1 a request that breaks a rule is refused with a status that says which kind', () => {
  test.each<[string, Change, number, string]>([
    ['item 1: POST', { line: 'POST / HTTP/1.1' }, 405, 'must be a GET, not POST'],
    ['item 1: a method in lower case', { line: 'get / HTTP/1.1' }, 405, 'not get'],
    ['item 1: HTTP/1.0', { line: 'GET / HTTP/1.0' }, 400, 'HTTP/1.1, not HTTP/1.0'],
    ['item 1: HTTP/0.9', { line: 'GET / HTTP/0.9' }, 400, 'HTTP/1.1, not HTTP/0.9'],
    ['item 1: HTTP/2.0', { line: 'GET / HTTP/2.0' }, 400, 'HTTP/1.1, not HTTP/2.0'],
    ['item 1: a target that is no path', { line: 'GET * HTTP/1.1' }, 400, 'request-target'],
    ['item 1: authority-form', { line: 'GET example.com:80 HTTP/1.1' }, 400, 'request-target'],
    ['§3: a fragment', { line: 'GET /a#b HTTP/1.1' }, 400, 'request-target'],
    ['item 2: no Host', { fields: { Host: [] } }, 400, 'The Host header is missing'],
    ['item 2: two Hosts', { fields: { Host: ['a', 'a'] } }, 400, 'more than one Host header'],
    ['item 2: an empty Host', { fields: { Host: '' } }, 400, 'Host header is malformed'],
    ['item 2: a Host with a path', { fields: { Host: 'a/b' } }, 400, 'Host header is malformed'],
    ['item 2: a Host with user information', { fields: { Host: 'user@a' } }, 400, 'Host header is malformed'],
    ['item 2: a Host with a wrong port', { fields: { Host: 'a:port' } }, 400, 'Host header is malformed'],
    ['item 3: no Upgrade', { fields: { Upgrade: [] } }, 426, 'Upgrade header must list "websocket"'],
    ['item 3: another protocol', { fields: { Upgrade: 'h2c' } }, 426, 'Upgrade header'],
    ['item 3: a longer word', { fields: { Upgrade: 'websocket2' } }, 426, 'Upgrade header'],
    ['item 4: no Connection', { fields: { Connection: [] } }, 426, 'Connection header must list "Upgrade"'],
    ['item 4: Connection: close', { fields: { Connection: 'close' } }, 426, 'Connection header'],
    ['item 5: no key', { fields: { 'Sec-WebSocket-Key': [] } }, 400, 'Sec-WebSocket-Key header is missing'],
    ['item 5: two keys', { fields: { 'Sec-WebSocket-Key': [KEY, KEY] } }, 400, 'more than one Sec-WebSocket-Key'],
    [
      'item 5: a key of 15 bytes',
      { fields: { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25j' } },
      400,
      '16 bytes in base64',
    ],
    ['item 5: a key of 17 bytes', { fields: { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZWU=' } }, 400, '16 bytes'],
    ['item 5: no base64', { fields: { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25j!Q==' } }, 400, '16 bytes'],
    ['item 5: an empty key', { fields: { 'Sec-WebSocket-Key': '' } }, 400, '16 bytes'],
    ['item 6: no version', { fields: { 'Sec-WebSocket-Version': [] } }, 400, 'Sec-WebSocket-Version header is missing'],
    [
      'item 6: two versions',
      { fields: { 'Sec-WebSocket-Version': ['13', '8'] } },
      400,
      'more than one Sec-WebSocket-Version',
    ],
    ['an old draft', { fields: { 'Sec-WebSocket-Version': '8' } }, 426, 'must be 13'],
    ['the oldest draft', { fields: { 'Sec-WebSocket-Version': '0' } }, 426, 'must be 13'],
    ['a version of the future', { fields: { 'Sec-WebSocket-Version': '14' } }, 426, 'must be 13'],
    ['a version that only looks equal', { fields: { 'Sec-WebSocket-Version': '013' } }, 426, 'must be 13'],
    ['a list of versions', { fields: { 'Sec-WebSocket-Version': '13, 8' } }, 426, 'must be 13'],
    ['a body', { fields: { 'Content-Length': '5' } }, 400, 'must not have a body'],
    ['two lengths of a body', { fields: { 'Content-Length': ['0', '5'] } }, 400, 'must not have a body'],
    ['a body in pieces', { fields: { 'Transfer-Encoding': 'chunked' } }, 400, 'must not have a body'],
    ['item 7: two Origins', { fields: { Origin: ['http://a', 'http://b'] } }, 400, 'more than one Origin'],
    [
      'item 8: an empty subprotocol',
      { fields: { 'Sec-WebSocket-Protocol': '' } },
      400,
      'Sec-WebSocket-Protocol is empty',
    ],
    ['item 8: a subprotocol that is no token', { fields: { 'Sec-WebSocket-Protocol': 'a b' } }, 400, '"a b"'],
    ['§4.1: a subprotocol twice', { fields: { 'Sec-WebSocket-Protocol': ['a', 'a'] } }, 400, 'twice'],
    [
      'item 9: malformed extensions',
      { fields: { 'Sec-WebSocket-Extensions': 'a;' } },
      400,
      'Sec-WebSocket-Extensions: at',
    ],
  ])('%s', (_name, change, status, message) => {
    const refusal = refusalOf(change)
    expect(refusal.status).toBe(status)
    expect(refusal.message).toContain(message)
    if (status === 426) expect(refusal.headers).toMatchObject({ ...VERSION_HEADERS, upgrade: 'websocket' })
    if (status === 405) expect(refusal.headers).toEqual({ allow: 'GET' })
  })

  test('§4.4 whoever leaves the version out is told it as well', () => {
    expect(refusalOf({ fields: { 'Sec-WebSocket-Version': [] } }).headers).toMatchObject(VERSION_HEADERS)
  })

  test('§10.2 a page of another origin: 403', () => {
    const policy: UpgradePolicy = { origins: 'same-origin', hosts: 'any' }
    const refusal = refusalOf({ fields: { Origin: 'https://evil.example' }, policy })
    expect(refusal.status).toBe(403)
    expect(refusal.message).toContain('"https://evil.example" does not match Host "server.example.com"')
  })

  test('a Host that is not served: 403', () => {
    const refusal = refusalOf({ policy: { origins: 'any', hosts: ['localhost'] } })
    expect(refusal.status).toBe(403)
    expect(refusal.message).toContain('"server.example.com" is not served here')
  })

  test('any fields at all are judged, never a throw', () => {
    const names = [
      'Host',
      'Upgrade',
      'Connection',
      'Sec-WebSocket-Key',
      'Sec-WebSocket-Version',
      'Origin',
      'Sec-WebSocket-Protocol',
      'Sec-WebSocket-Extensions',
      '__proto__',
      'constructor',
    ]
    const value = fc.constantFrom(
      '',
      'websocket',
      'upgrade',
      KEY,
      '13',
      ',',
      'a, b',
      'a;b="',
      'http://a',
      '[::1',
      '\xff',
      '__proto__',
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 12 }), (pairs) => {
        const fields = Object.fromEntries(pairs.map(([name]) => [name, [] as string[]]))
        for (const [name, text] of pairs) (Object.hasOwn(fields, name) ? fields[name] : undefined)?.push(text)
        const verdict = judge({ fields, policy: { origins: 'same-origin', hosts: ['a'] } })
        if (!verdict.ok) expect([400, 403, 405, 426]).toContain(verdict.refusal.status)
      }),
      { numRuns: 300 },
    )
  })
})

describe('§4.2.2 the response', () => {
  const offer = { key: KEY, subprotocols: ['chat', 'v2'], extensions: [] }

  test('accepts with the key of the example', () => {
    const head = parseResponseHead(encodeUpgradeResponse(offer).slice(0, -4))
    expect(head).toMatchObject({ httpVersion: '1.1', status: 101 })
    expect('headers' in head && [...head.headers]).toEqual([
      ['upgrade', 'websocket'],
      ['connection', 'Upgrade'],
      ['sec-websocket-accept', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='],
    ])
  })

  test('carries subprotocol, extensions and further headers', () => {
    const extensions = [{ name: 'a', parameters: [['b', '1'] as const] }]
    const text = encodeUpgradeResponse(offer, { subprotocol: 'v2', extensions, headers: { 'Set-Cookie': 'a=b' } })
    expect(text.endsWith('\r\n\r\n')).toBe(true)
    expect(text).toContain('\r\nSec-WebSocket-Protocol: v2\r\nSec-WebSocket-Extensions: a; b=1\r\nSet-Cookie: a=b\r\n')
  })

  test('never answers a subprotocol that was not offered', () => {
    expect(() => encodeUpgradeResponse(offer, { subprotocol: 'v3' })).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT', name: 'UsageError' }),
    )
  })

  test.each([
    ['a line break in a value', { a: 'b\r\nSet-Cookie: c' }],
    ['a line break in a name', { 'a\r\nb': 'c' }],
    ['a colon in a name', { 'a:b': 'c' }],
    ['an empty name', { '': 'c' }],
    ['a character above a byte', { a: '€' }],
  ])('%s never reaches the wire', (_name, headers) => {
    expect(() => encodeUpgradeResponse(offer, { headers })).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }))
    expect(() => encodeUpgradeRefusal({ status: 400, message: '', headers }, 0)).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT' }),
    )
  })

  test('a refusal ends the HTTP connection and says how long its body is', () => {
    const text = encodeUpgradeRefusal({ status: 426, message: 'No', headers: VERSION_HEADERS }, 2)
    expect(text.endsWith('\r\n\r\n')).toBe(true)
    const head = parseResponseHead(text.slice(0, -4))
    expect(head).toMatchObject({ status: 426, statusText: 'Upgrade Required' })
    expect('headers' in head && Object.fromEntries(head.headers)).toEqual({
      connection: 'close',
      'content-type': 'text/plain; charset=utf-8',
      'content-length': '2',
      'sec-websocket-version': '13',
    })
    expect(encodeUpgradeRefusal({ status: 418, message: '', headers: {} }, 0)).toMatch(/^HTTP\/1\.1 418 Refused\r\n/)
  })
})
