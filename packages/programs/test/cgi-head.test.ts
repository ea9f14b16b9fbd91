import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAX_CGI_HEAD_BYTES, parseCgiHead } from '../src/exec/cgi-head.ts'

const parse = (text: string): ReturnType<typeof parseCgiHead> => parseCgiHead(Buffer.from(text, 'latin1'))

describe('RFC 3875 §6.3: the head of an answer', () => {
  const cases: [string, string, number, [string, string][], string][] = [
    ['a type', 'Content-Type: text/plain\n\nbody', 200, [['Content-Type', 'text/plain']], 'body'],
    ['a status', 'Status: 404 Not Found\n\n', 404, [], ''],
    ['a status without words', 'status: 101\n\nfirst line\n', 101, [], 'first line\n'],
    ['ends of lines of two kinds', 'A: 1\r\nB: 2\n\r\nbody', 200, [['A', '1'], ['B', '2']], 'body'], // biome-ignore format: one case, one line
    ['a place elsewhere', 'Location: /there\n\n', 302, [['Location', '/there']], ''],
    ['no lines', '\nbody', 200, [], 'body'],
    ['an empty value', 'A:\n\n', 200, [['A', '']], ''],
  ]
  test.each(cases)('%s', (_what, text, status, headers, body) => {
    const result = parse(text)
    expect(result).toMatchObject({ state: 'done', head: { status, headers } })
    expect(text.slice(result.state === 'done' ? result.bodyStart : 0)).toBe(body)
  })

  test.each([
    ['a line without a colon', 'hello\n\n'],
    ['a name with a space', 'A b: c\n\n'],
    ['a control in a value', 'A: b\x00c\n\n'],
    ['a lone return in a value', 'A: b\rSet-Cookie: x\n\n'],
    ['a status that is none', 'Status: hello\n\n'],
    ['a status out of range', 'Status: 600\n\n'],
    ['a line that goes on in the next', 'A: b\n c\n\n'],
  ])('invalid: %s', (_what, text) => {
    expect(parse(text).state).toBe('invalid')
  })

  test('more is waited for up to a limit', () => {
    expect(parse('A: b\n').state).toBe('more')
    expect(parse(`A: ${'b'.repeat(MAX_CGI_HEAD_BYTES)}`).state).toBe('invalid')
    expect(parse('A: b\n'.repeat(MAX_CGI_HEAD_BYTES)).state).toBe('invalid')
  })

  test('whatever comes, it is judged; and with more behind it, the same', () => {
    const text = fc.string({ unit: fc.constantFrom('A', ':', ' ', '\n', '\r', 'Status: 403', '\x00', 'é') })
    fc.assert(
      fc.property(text, fc.string(), (begun, more) => {
        const before = parse(begun)
        if (before.state === 'done') expect(parse(begun + more)).toEqual(before)
      }),
      { numRuns: 1000 },
    )
  })
})
