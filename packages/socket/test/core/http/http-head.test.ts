import {
  HeadCollector,
  isFieldValue,
  ProtocolError,
  parseRequestHead,
  parseResponseHead,
  type RequestHead,
  type ResponseHead,
} from '@wigwag/socket/core'
import { textBytes } from '@wigwag/socket/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const request = (...lines: string[]): RequestHead | ProtocolError => parseRequestHead(lines.join('\r\n'))
const fault = { code: 'ERR_HANDSHAKE_HEAD', closeCode: 1002 }

describe('RFC 9112 §3 a request head', () => {
  test('the request line and its fields', () => {
    const head = request('GET /chat?a=1 HTTP/1.1', 'Host: example.com', 'Empty:', 'X-Padded: \t v w \t') as RequestHead
    expect(head).toMatchObject({ method: 'GET', target: '/chat?a=1', httpVersion: '1.1' })
    expect([...head.headers]).toEqual([
      ['host', 'example.com'],
      ['empty', ''],
      ['x-padded', 'v w'],
    ])
  })

  test.each([
    ['nothing', ''],
    ['no version', 'GET /'],
    ['two spaces', 'GET  / HTTP/1.1'],
    ['a space in the target', 'GET /a b HTTP/1.1'],
    ['a space in front', ' GET / HTTP/1.1'],
    ['a space behind', 'GET / HTTP/1.1 '],
    ['a tab', 'GET\t/ HTTP/1.1'],
    ['another protocol', 'GET / HTTPS/1.1'],
    ['a longer version', 'GET / HTTP/1.10'],
    ['a version without minor', 'GET / HTTP/2'],
    ['a method that is no token', 'G(T / HTTP/1.1'],
    ['a bare LF', 'GET / HTTP/1.1\nHost: a'],
    ['a bare CR', 'GET / HTTP/1.1\rHost: a'],
    ['bytes above ASCII', 'GET /\xe9 HTTP/1.1'],
    ['NUL', 'GET /\0 HTTP/1.1'],
  ])('§3 a request line with %s is malformed', (_name, line) => {
    expect(request(line)).toMatchObject(fault)
  })

  test.each([
    ['§5.2 folded by a space', ' folded'],
    ['§5.2 folded by a tab', '\tfolded'],
    ['§5.1 white space before the colon', 'Host : a'],
    ['without a colon', 'Host'],
    ['without a name', ': a'],
    ['with a name that is no token', 'Ho(st: a'],
    ['a bare LF in the value', 'A: b\nHost: evil'],
    ['a bare CR in the value', 'A: b\rHost: evil'],
    ['NUL in the value', 'A: b\0c'],
    ['DEL in the value', 'A: b\x7f'],
    ['an empty line', ''],
  ])('a header line %s is malformed', (_name, line) => {
    expect(request('GET / HTTP/1.1', 'Host: a', line)).toMatchObject(fault)
    expect(parseResponseHead(['HTTP/1.1 101 OK', 'A: b', line].join('\r\n'))).toMatchObject(fault)
  })

  test('the error quotes at most 80 characters of what came', () => {
    const error = request('x'.repeat(100_000)) as ProtocolError
    expect(error.message.length).toBeLessThan(200)
  })

  test('more header lines than anybody sends are still only header lines', () => {
    const head = request('GET / HTTP/1.1', ...Array.from({ length: 5000 }, (_, i) => `X-${i}: ${i}`), 'Host: a')
    expect((head as RequestHead).headers.get('host')).toBe('a')
  })
})

describe('RFC 9112 §4 a response head', () => {
  test.each([
    ['HTTP/1.1 101 Switching Protocols', '1.1', 101, 'Switching Protocols'],
    ['HTTP/1.0 200 ', '1.0', 200, ''],
    ['HTTP/1.1 404', '1.1', 404, ''],
    ['HTTP/1.1 400 d\xe9j\xe0 vu', '1.1', 400, 'd\xe9j\xe0 vu'],
  ])('%j', (line, httpVersion, status, statusText) => {
    expect(parseResponseHead(`${line}\r\nA: b`)).toMatchObject({ httpVersion, status, statusText })
  })

  test.each([
    '',
    'HTTP/1.1',
    'HTTP/1.1 10',
    'HTTP/1.1 1010 x',
    'HTTP/1.1  101 x',
    'ICY 200 OK',
    'HTTP/1.1 101 a\rb',
    'http/1.1 101 x',
  ])('%j is malformed', (line) => {
    expect(parseResponseHead(line)).toMatchObject(fault)
  })
})

test('RFC 9110 §5.5 a field value has no control character but the tab, and nothing above a byte', () => {
  for (const value of ['', 'a\tb', 'é', '~']) expect(isFieldValue(value), value).toBe(true)
  for (const value of ['\r', '\n', '\0', '\x1f', '\x7f', '€']) expect(isFieldValue(value)).toBe(false)
})

describe('collecting a head from chunks', () => {
  const head = 'GET / HTTP/1.1\r\nHost: a\r\nX: y'
  const bytes = Buffer.from(`${head}\r\n\r\nrest`, 'latin1')

  test.each([1, 2, 3, 5, 7, 1000])('in chunks of %i bytes: the head, and what came behind it', (size) => {
    const collector = new HeadCollector(1000)
    for (let at = 0; at < bytes.length; at += size) {
      const collected = collector.push(bytes.subarray(at, at + size))
      if (collected.step === 'more') continue
      expect(collected).toMatchObject({ step: 'head', text: head })
      const consumed = at + size - (collected.step === 'head' ? collected.rest.length : 0)
      expect(Math.min(consumed, bytes.length - 4)).toBe(head.length + 4)
      return
    }
    expect.unreachable()
  })

  test('bytes behind the head come back untouched, whatever they are', () => {
    const frames = Uint8Array.from({ length: 100_000 }, (_, i) => i & 0xff)
    const collected = new HeadCollector(100).push(Buffer.concat([textBytes('A\r\n\r\n'), frames]))
    expect(collected).toMatchObject({ step: 'head', text: 'A' })
    if (collected.step === 'head') expect(Buffer.compare(collected.rest, frames)).toBe(0)
  })

  test('a head of exactly maxHeaderBytes passes; one byte more fails, and names the limit', () => {
    expect(new HeadCollector(10).push(textBytes('0123456789\r\n\r\n'))).toMatchObject({
      step: 'head',
      text: '0123456789',
    })
    const failed = new HeadCollector(10).push(textBytes('0123456789a\r\n\r\n'))
    expect(failed).toMatchObject({ step: 'failed', error: { code: 'ERR_HANDSHAKE_HEAD' } })
    if (failed.step === 'failed') expect(failed.error.message).toContain('10 bytes (maxHeaderBytes)')
  })

  test('a head that never ends fails at the limit, in one chunk or byte by byte', () => {
    expect(new HeadCollector(1000).push(new Uint8Array(10_000_000).fill(0x61))).toMatchObject({ step: 'failed' })
    const collector = new HeadCollector(1000)
    let pushed = 0
    while (collector.push(Uint8Array.of(0x61)).step === 'more') pushed++
    expect(pushed).toBe(1003)
    expect(collector.push(Uint8Array.of(0x61)).step).toBe('failed')
  })

  test('an empty chunk changes nothing', () => {
    const collector = new HeadCollector(10)
    expect(collector.push(new Uint8Array(0))).toEqual({ step: 'more' })
    expect(collector.push(textBytes('A\r\n\r\n'))).toMatchObject({ step: 'head' })
  })
})

describe('round trips', () => {
  const tokenCharacters = [..."!#$%&'*+-.^_`|~09azAZ"]
  const token = fc.string({ unit: fc.constantFrom(...tokenCharacters), minLength: 1, maxLength: 12 })
  const visible = fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
    maxLength: 20,
  })
  const value = fc
    .string({ unit: fc.constantFrom('a', ' ', '\t', ':', ',', '"', '\xe9', '\xff', '~'), maxLength: 20 })
    .map((text) => text.replace(/^[ \t]+|[ \t]+$/g, ''))
  const fields = fc.array(fc.tuple(token, value), { maxLength: 10 })
  const lines = (pairs: [string, string][]): string => pairs.map(([name, text]) => `\r\n${name}: ${text}`).join('')
  const expected = (pairs: [string, string][]): string[] =>
    pairs.map(([name, text]) => `${name.toLowerCase()}=${text}`).sort()
  const parsed = (head: RequestHead | ResponseHead): string[] =>
    [...head.headers].map(([name, text]) => `${name}=${text}`).sort()

  test('a request head, collected in chunks of any size, is the head that was written', () => {
    fc.assert(
      fc.property(token, visible, fields, fc.integer({ min: 1, max: 50 }), (method, path, pairs, size) => {
        const bytes = Buffer.from(`${method} /${path} HTTP/1.1${lines(pairs)}\r\n\r\n`, 'latin1')
        const collector = new HeadCollector(10_000)
        let text: string | undefined
        for (let at = 0; at < bytes.length; at += size) {
          const collected = collector.push(bytes.subarray(at, at + size))
          if (collected.step === 'head') text = collected.text
        }
        const head = parseRequestHead(text as string) as RequestHead
        expect(head).toMatchObject({ method, target: `/${path}`, httpVersion: '1.1' })
        expect(parsed(head)).toEqual(expected(pairs))
      }),
    )
  })

  test('a response head', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 999 }), fields, (status, pairs) => {
        const head = parseResponseHead(`HTTP/1.1 ${status} Reason${lines(pairs)}`) as ResponseHead
        expect(head).toMatchObject({ status, statusText: 'Reason' })
        expect(parsed(head)).toEqual(expected(pairs))
      }),
    )
  })

  test('any bytes at all are a head or a fault, never a throw', () => {
    const scraps = fc.constantFrom(
      'GET ',
      '/',
      ' HTTP/1.1',
      '\r\n',
      '\r',
      '\n',
      ':',
      ' ',
      '\t',
      'Host',
      '\0',
      '\xff',
      'a',
      'HTTP/1.1 101',
    )
    fc.assert(
      fc.property(fc.array(scraps, { maxLength: 30 }), (parts) => {
        for (const parse of [parseRequestHead, parseResponseHead]) {
          const head = parse(parts.join(''))
          if (head instanceof ProtocolError) expect(head.code).toBe('ERR_HANDSHAKE_HEAD')
          else for (const [name, text] of head.headers) expect(`${name}${text}`).not.toMatch(/[\r\n\0]/)
        }
      }),
    )
  })
})
