import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ColumnReader } from '../src/columns/column-reader.ts'

/** What each line says, with empty ones left out. */
function readAll(text: string): Record<string, number>[] {
  const reader = new ColumnReader()
  return text
    .split('\n')
    .map((line) => reader.read(line))
    .filter((row) => row !== undefined)
    .map(({ values }) => Object.fromEntries(values))
}

describe('columns between spaces', () => {
  test('vmstat: the line above the numbers has the names, the one above that does not; both may come again', () => {
    const text = `procs -----------memory---------- ---swap-- -----io----
 r  b   swpd   free   buff  cache   si   so    bi    bo
 1  0      0 123456   7890  55555    0    0     5    10
 2  0      0 123400   7890  55555    0    0     0     0
procs -----------memory---------- ---swap-- -----io----
 r  b   swpd   free   buff  cache   si   so    bi    bo
 3  0      0 123300   7890  55555    0    0     0     0`
    const rows = readAll(text)
    expect(rows.map(({ r, free }) => [r, free])).toEqual([
      [1, 123456],
      [2, 123400],
      [3, 123300],
    ])
    expect(Object.keys(rows[0] ?? {})).toEqual(['r', 'b', 'swpd', 'free', 'buff', 'cache', 'si', 'so', 'bi', 'bo'])
  })

  test('free: the label in front has no name of its own', () => {
    expect(readAll('        total  used\nMem:     100    40\nSwap:     50     0')).toEqual([
      { 'Mem total': 100, 'Mem used': 40 },
      { 'Swap total': 50, 'Swap used': 0 },
    ])
  })

  test('iostat: lines of several devices', () => {
    expect(readAll('Device tps read\nsda 1.5 3\nsdb 0 1')).toEqual([
      { 'sda tps': 1.5, 'sda read': 3 },
      { 'sdb tps': 0, 'sdb read': 1 },
    ])
  })

  test('mpstat: a time in front is no label', () => {
    expect(readAll('10:00:00 CPU %usr %sys\n10:00:01 all 1.5 2.5')).toEqual([{ '%usr': 1.5, '%sys': 2.5 }])
  })

  const cases: [string, string, Record<string, number>][] = [
    ['a number alone', '42', { value: 42 }],
    ['numbers without names', '1 2', { 'column 1': 1, 'column 2': 2 }],
    ['units', 'a b c d\n1.5K 50% 2GiB -3', { a: 1536, b: 50, c: 2 * 1024 ** 3, d: -3 }],
    [
      'units as free -h has them',
      'Mem: 15Gi 512Mi 0B',
      { 'Mem column 2': 15 * 1024 ** 3, 'Mem column 3': 512 * 1024 ** 2, 'Mem column 4': 0 },
    ],
    ['names that come twice', 'a a\n1 2', { a: 1, 'a 2': 2 }],
    ['a header for other lines', 'a b c\n1 2', { 'column 1': 1, 'column 2': 2 }],
  ]
  test.each(cases)('%s', (_what, text, expected) => {
    expect(readAll(text)).toEqual([expected])
  })
})

describe('other forms', () => {
  const cases: [string, string, Record<string, number>][] = [
    ['CSV', 'a,"b c",d\n1, 2.5,x', { a: 1, 'b c': 2.5 }],
    ['between semicolons', 'a;b\n1;2', { a: 1, b: 2 }],
    ['between tabs, with an empty cell', 'a\tb\tc\n1\t\t3', { a: 1, c: 3 }],
    ['JSON lines', '{"a":1,"b":{"c":2.5,"d":"x"},"e":[3,true]}', { a: 1, 'b.c': 2.5, 'e.1': 3, 'e.2': 1 }],
    ['a JSON array', '[1,2]', { '1': 1, '2': 2 }],
    ['ping', '64 bytes from 1.1.1.1: icmp_seq=7 ttl=57 time=12.5 ms', { icmp_seq: 7, ttl: 57, time: 12.5 }],
    ['a log', 'level=info duration=3 msg="took 3"', { duration: 3 }],
  ]
  test.each(cases)('%s', (_what, text, expected) => {
    expect(readAll(text)).toEqual([expected])
  })

  test.each([
    ['ISO text', '{"time":"2026-01-02T03:04:05Z","a":1}', Date.UTC(2026, 0, 2, 3, 4, 5)],
    ['seconds', '{"ts":1700000000,"a":1}', 1_700_000_000_000],
    ['milliseconds', '{"timestamp":1700000000123,"a":1}', 1_700_000_000_123],
    ['a duration, which is none', '{"time":12.5,"a":1}', undefined],
  ])('a line that says when it was: %s', (_what, line, timeMs) => {
    expect(new ColumnReader().read(line)?.timeMs).toBe(timeMs)
  })

  test.each([['hello'], [''], ['   '], ['{"a":"b"}'], ['[]'], ['a,b']])('no numbers in %j', (line) => {
    expect(readAll(line)).toEqual([])
  })
})

describe('whatever a program prints', () => {
  const sign = fc.constantFrom(
    '1',
    '2.5',
    '-',
    'a',
    'b',
    ' ',
    '\t',
    ',',
    ';',
    '=',
    '"',
    '{',
    '}',
    '[',
    ':',
    '%',
    'e9',
    '\u0000',
    'ß',
  )

  // A page that counts every pair of its characters would stand still for half a minute at each of them.
  const long: [string, string][] = [
    ['digits', `${'1'.repeat(60_000)}x`],
    ['digits behind a point', `.${'1'.repeat(60_000)}x`],
    ['letters', `=${'a'.repeat(60_000)}`],
    ['digits and a sign', `=${'1'.repeat(60_000)}`],
    ['names', `=${'a '.repeat(30_000)}`],
    ['quotes', 'a="'.repeat(20_000)],
    ['digits in a pair', `a=${'1'.repeat(60_000)}x`],
  ]
  test.each(long)('a long line of %s is read at once', (_what, line) => {
    const reader = new ColumnReader()
    const startedMs = performance.now()
    reader.read(line)
    expect(performance.now() - startedMs).toBeLessThan(300)
  })

  test('every value is a finite number with a name', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string({ unit: sign }), fc.json()), { maxLength: 8 }), (lines) => {
        const reader = new ColumnReader()
        for (const line of lines) {
          for (const [name, value] of reader.read(line)?.values ?? []) {
            expect(Number.isFinite(value)).toBe(true)
            expect(name.length).toBeLessThanOrEqual(60)
          }
        }
      }),
      { numRuns: 1000 },
    )
  })

  const name = fc
    .stringMatching(/^[a-z_%][a-z0-9_/-]{0,8}$/)
    .filter((text) => !/^(mon|tue|wed|thu|fri|sat|sun|time|ts|date)/.test(text))
  const table = fc.uniqueArray(name, { minLength: 2, maxLength: 8 }).chain((names) =>
    fc.tuple(
      fc.constant(names),
      fc.array(fc.array(fc.integer(), { minLength: names.length, maxLength: names.length }), {
        minLength: 1,
        maxLength: 5,
      }),
    ),
  )

  test.each([
    ['spaces', '   '],
    ['commas', ','],
    ['semicolons', ';'],
    ['tabs', '\t'],
  ])('a table between %s is read as it was written', (_what, separator) => {
    fc.assert(
      fc.property(table, ([names, rows]) => {
        const text = [names, ...rows].map((cells) => cells.join(separator)).join('\n')
        expect(readAll(text)).toEqual(rows.map((row) => Object.fromEntries(names.map((column, i) => [column, row[i]]))))
      }),
    )
  })

  test('an object is read as it was written', () => {
    fc.assert(
      fc.property(fc.dictionary(name, fc.integer({ max: 1e8 }), { minKeys: 1 }), (object) => {
        expect(readAll(JSON.stringify(object))).toEqual([{ ...object }])
      }),
    )
  })
})
