import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type LineResult, LineSplitter } from '../src/exec/line-splitter.ts'

/** All lines of chunks, and what the splitter said of the last. */
function split(chunks: readonly Uint8Array[], maxLineBytes = 1000): LineResult[] {
  const lines = new LineSplitter(maxLineBytes)
  const results: LineResult[] = []
  for (const chunk of chunks) {
    const fits = lines.push(chunk)
    for (let next = lines.next(); next !== undefined; next = lines.next()) results.push(next)
    if (!fits) return [...results, { tooLong: true }]
  }
  const last = lines.end()
  return last === undefined ? results : [...results, last]
}

const textOf = (results: readonly LineResult[]): unknown[] =>
  results.map((result) => ('line' in result ? result.line : 'too long'))

describe('lines', () => {
  const cases: [string, string[], unknown[]][] = [
    ['end with \\n', ['one\ntwo\n'], ['one', 'two']],
    ['end with \\r\\n', ['one\r\ntwo\r\n'], ['one', 'two']],
    ['lose one \\r only', ['one\r\r\n'], ['one\r']],
    ['may be empty', ['\n\n\r\n'], ['', '', '']],
    ['may come in pieces', ['o', 'ne', '\nt', 'wo\n'], ['one', 'two']],
    ['may end in the middle of their end', ['one\r', '\ntwo\r\n'], ['one', 'two']],
    ['need no end at the end', ['one\ntwo'], ['one', 'two']],
    ['keep a \\r at the end of all', ['one\r'], ['one\r']],
    ['keep a \\r inside', ['a\rb\n'], ['a\rb']],
  ]
  test.each(cases)('%s', (_what, chunks, expected) => {
    expect(textOf(split(chunks.map((chunk) => Buffer.from(chunk))))).toEqual(expected)
  })

  test('that come byte by byte take no more memory than their bytes', () => {
    const lines = new LineSplitter(1 << 20)
    const before = process.memoryUsage.rss()
    for (let i = 0; i < 1 << 20; i++) lines.push(Uint8Array.of(97 + (i % 26)))
    expect(process.memoryUsage.rss() - before).toBeLessThan(96 * 1024 * 1024)
    lines.push(Buffer.from('\n'))
    const expected = 'abcdefghijklmnopqrstuvwxyz'.repeat(50_000).slice(0, 1 << 20)
    expect(lines.next()).toEqual({ line: expected })
  })

  test('bytes that are no UTF-8 become U+FFFD', () => {
    expect(textOf(split([Buffer.from([0x61, 0xff, 0x0a])]))).toEqual(['a\ufffd'])
  })

  test('wherever chunks end, the lines are those of the text', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'ß', '漢', '🙂', '\n', '\r', '\r\n') })
    fc.assert(
      fc.property(text, fc.array(fc.nat(), { maxLength: 10 }), (whole, cuts) => {
        const bytes = Buffer.from(whole)
        const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
        const chunks = ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end))
        const expected = whole.split('\n').map((line, i, all) => (i < all.length - 1 ? line.replace(/\r$/, '') : line))
        if (expected.at(-1) === '') expected.pop()
        expect(textOf(split(chunks))).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  })
})

describe('a limit of 4 bytes', () => {
  const cases: [string, string[], unknown[]][] = [
    ['holds without the end of the line', ['1234\r\n'], ['1234']],
    ['is exceeded by a line', ['12345\n1\n'], ['too long', '1']],
    ['is exceeded by a line without an end', ['1\n', '123456'], ['1', 'too long']],
    ['is exceeded by a last line', ['12345'], ['too long']],
    ['counts bytes', ['ßß\nßßß\n'], ['ßß', 'too long']],
  ]
  test.each(cases)('%s', (_what, chunks, expected) => {
    const results = split(
      chunks.map((chunk) => Buffer.from(chunk)),
      4,
    )
    expect(textOf(results)).toEqual(expected)
  })

  test('is told before more than that is kept, however small the chunks', () => {
    const lines = new LineSplitter(4)
    let pushed = 0
    while (lines.push(Buffer.from('x'))) pushed++
    expect([pushed, lines.restBytes]).toEqual([5, 6])
  })
})
