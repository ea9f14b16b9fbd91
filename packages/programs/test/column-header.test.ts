import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ColumnReader } from '../../../apps/programs/src/columns/column-reader.ts'
import { ColumnHeader } from '../src/shared/column-header.ts'

function headerOf(...lines: string[]): string | undefined {
  const header = new ColumnHeader()
  for (const [i, line] of lines.entries()) header.follow(line, i + 1)
  return header.current?.line
}

describe('the line that names the columns', () => {
  test.each([
    [['procs ---memory---', ' r free', ' 1 2000'], ' r free'],
    [['temperature,load', '20.5,1', 'a note that is longer', '21,2'], 'temperature,load'],
    [['"a b";c', '1;2'], '"a b";c'],
    // The label's own column may have no name.
    [['        total  used', 'Mem:  15Gi  4.1Gi'], '        total  used'],
    [['a b', '1 2', 'c d', '3 4'], 'c d'],
    [['a b', 'c d', '3 4'], 'c d'],
    [['a b', '1 2 3 4'], undefined],
    [['a b', 'c d'], undefined],
    [['1 2', '3 4'], undefined],
    [['x'.repeat(20_000), '1'], undefined],
    [[''], undefined],
  ])('%j', (lines, header) => expect(headerOf(...lines)).toBe(header))

  test('is looked for in no time, were the lines long words of digits', () => {
    const header = new ColumnHeader()
    const startedMs = performance.now()
    for (let i = 0; i < 20; i++) header.follow(`${'1'.repeat(16_000)}x`, i)
    expect(performance.now() - startedMs).toBeLessThan(500)
  })

  test('and its place', () => {
    const header = new ColumnHeader()
    header.follow('a b', 7)
    header.follow('1 2', 8)
    expect(header.current).toEqual(expect.objectContaining({ line: 'a b', offset: 7 }))
  })

  test('whoever comes later finds the same columns with it as who was there from the beginning', () => {
    const name = fc.stringMatching(/^[a-z%][a-z_/-]{0,8}$/)
    const row = (count: number) => fc.array(fc.integer().map(String), { minLength: count, maxLength: count })
    const table = fc.integer({ min: 2, max: 8 }).chain((count) =>
      fc.record({
        names: fc.array(name, { minLength: count, maxLength: count }),
        label: fc.option(fc.constantFrom('sda', 'Mem:', 'eth0')),
        rows: fc.array(row(count), { minLength: 1, maxLength: 5 }),
      }),
    )
    const separator = fc.constantFrom(' ', '\t', ',', ';')
    fc.assert(
      fc.property(fc.array(table, { minLength: 1, maxLength: 4 }), separator, (tables, sign) => {
        const lines = tables.flatMap(({ names, label, rows }) => [
          names.join(sign),
          ...rows.map((cells) => [...(label === null ? [] : [label]), ...cells].join(sign)),
        ])
        const [last = ''] = lines.slice(-1)
        const early = new ColumnReader()
        const seen = lines.map((line) => early.read(line)).at(-1)
        const late = new ColumnReader()
        late.read(headerOf(...lines) ?? '')
        expect([...(late.read(last)?.values.keys() ?? [])]).toEqual([...(seen?.values.keys() ?? [])])
      }),
    )
  })
})
