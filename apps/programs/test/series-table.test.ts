import { expect, test } from 'vitest'
import { MAX_POINTS, MAX_SERIES, SeriesTable } from '../src/columns/series-table.ts'

const row = (values: Record<string, number>, timeMs?: number) => ({ timeMs, values: new Map(Object.entries(values)) })

test('a column that comes later has no values before', () => {
  const table = new SeriesTable()
  table.add(row({ a: 1 }), 1000)
  table.add(row({ a: 2, b: 3 }), 2000)
  table.add(row({ b: 4 }), 3000)
  expect(table.times).toEqual([1, 2, 3])
  expect(Object.fromEntries(table.series)).toEqual({ a: [1, 2, null], b: [null, 3, 4] })
})

test('lines of one moment are one point, unless one says the same again', () => {
  const table = new SeriesTable()
  table.add(row({ 'sda tps': 1 }), 1000)
  table.add(row({ 'sdb tps': 2 }), 1000)
  table.add(row({ 'sda tps': 3 }), 1000)
  expect(table.times).toEqual([1, 1])
  expect(Object.fromEntries(table.series)).toEqual({ 'sda tps': [1, 3], 'sdb tps': [2, null] })
})

test('a line may say when it was, but time does not go back', () => {
  const table = new SeriesTable()
  table.add(row({ a: 1 }, 5000), 9000)
  table.add(row({ a: 2 }, 4000), 9001)
  expect(table.times).toEqual([5, 5])
})

test('what is kept is bounded', () => {
  const table = new SeriesTable()
  for (let i = 0; i <= MAX_POINTS; i++) table.add(row({ a: i }), i)
  expect(table.times.length).toBeLessThanOrEqual(MAX_POINTS)
  expect(table.series.get('a')?.at(-1)).toBe(MAX_POINTS)
  expect(table.series.get('a')?.length).toBe(table.times.length)
  for (let i = 0; i < MAX_SERIES + 5; i++) table.add(row({ [`n${i}`]: 1 }), 1e9 + i)
  expect([table.series.size, table.leftOut]).toEqual([MAX_SERIES, 6])
})
