import { ProtocolError, parseRequestHead, readQuickUpgrade } from '@wigwag/socket/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const LINES = [
  'Host: example.com',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
]
const head = (lines: readonly string[], first = 'GET /chat?a=1 HTTP/1.1'): string =>
  `${[first, ...lines].join('\r\n')}\r\n\r\n`

describe('the head of an upgrade as clients send it', () => {
  test('is read, with its lines as they were sent and how long it is', () => {
    const text = head([...LINES, 'X-Padded: \t v w \t', 'Empty:'])
    const read = readQuickUpgrade(`${text}\x81\x80`)
    expect(read).toMatchObject({ method: 'GET', target: '/chat?a=1', httpVersion: '1.1', headBytes: text.length })
    expect(read?.headers.get('x-padded')).toBe('v w')
    expect(read?.rawHeaders.slice(-4)).toEqual(['X-Padded', 'v w', 'Empty', ''])
  })

  test.each([
    ['lists in Connection and Upgrade', ['Host: a', 'Connection: keep-alive, Upgrade', 'Upgrade: h2c, WebSocket']],
    ['names in lower case', LINES.slice(0, 3).map((line) => line.toLowerCase())],
  ])('%s', (_what, lines) => {
    expect(readQuickUpgrade(head([...lines, LINES[3] as string]))).toBeDefined()
  })

  test.each([
    ['nothing', ''],
    ['a head that is not all there', head(LINES).slice(0, -1)],
    ['another method', head(LINES, 'POST / HTTP/1.1')],
    ['HTTP/1.0', head(LINES, 'GET / HTTP/1.0')],
    ['a target that is no path', head(LINES, 'GET http://example.com/ HTTP/1.1')],
    ['a target with a space', head(LINES, 'GET /a b HTTP/1.1')],
    ['a target above ASCII', head(LINES, 'GET /\xe9 HTTP/1.1')],
    ['an empty line in front', `\r\n${head(LINES)}`],
    ['a folded line', head([...LINES, 'A: b', ' c'])],
    ['a space before the colon', head([...LINES, 'A : b'])],
    ['a line without a colon', head([...LINES, 'A'])],
    ['a line without a name', head([...LINES, ': b'])],
    ['a colon only in the next line', head(['A', ...LINES])],
    ['a bare LF', head([...LINES, 'A: b\nC: d'])],
    ['a bare CR', head([...LINES, 'A: b\rC: d'])],
    ['lines that end in LF', head(LINES).replaceAll('\r\n', '\n')],
    ['a NUL', head([...LINES, 'A: \0'])],
    ['a byte above ASCII', head([...LINES, 'A: \xe9'])],
    ['no Host', head(LINES.slice(1))],
    ['two Hosts', head([...LINES, 'host: b'])],
    ['no key', head(LINES.filter((line) => !line.startsWith('Sec-WebSocket-Key')))],
    ['two keys', head([...LINES, LINES[3] as string])],
    ['another upgrade', head([...LINES.filter((line) => !line.startsWith('Upgrade')), 'Upgrade: h2c'])],
    ['no Upgrade in Connection', head([...LINES.filter((line) => !line.startsWith('Conn')), 'Connection: close'])],
    ['a body', head([...LINES, 'Content-Length: 0'])],
    ['a body in chunks', head([...LINES, 'Transfer-Encoding: chunked'])],
    ['an expectation', head([...LINES, 'Expect: 100-continue'])],
    ['very many lines', head([...LINES, ...Array.from({ length: 100 }, (_, i) => `A${i}: b`)])],
  ])('%s is left to others', (_what, text) => {
    expect(readQuickUpgrade(text)).toBeUndefined()
  })
})

test('what is read is what the whole parser reads, whatever comes', () => {
  const bit = fc.constantFrom(...LINES, 'A: b', ' c', 'Host:', '\r', '\n', '\r\n', '\0', ':', '', 'x', '\xff', 'TE: a')
  const lines = fc.array(bit, { maxLength: 6 })
  fc.assert(
    fc.property(lines, lines, fc.string({ maxLength: 8 }), (before, behind, junk) => {
      const text = head([...before, ...LINES, ...behind, junk])
      const read = readQuickUpgrade(text)
      if (read === undefined) return
      const parsed = parseRequestHead(text.slice(0, read.headBytes - 4))
      if (parsed instanceof ProtocolError) throw parsed
      expect(read).toMatchObject({ method: parsed.method, target: parsed.target, httpVersion: parsed.httpVersion })
      expect([...read.headers]).toEqual([...parsed.headers])
    }),
  )
})
