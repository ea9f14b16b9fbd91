import { expect, test } from 'vitest'
import { addRows, describeCount, EMPTY_LIST, MAX_ROWS, type Row } from '../../src/try/publication-list.ts'

const row = (key: number): Row => ({
  type: 'publication',
  key,
  recovered: false,
  publication: { position: { epoch: 'a', offset: key }, timeMs: key, kind: 'text', text: '' },
})
const notice = (key: number): Row => ({ type: 'notice', key, notice: { type: 'nothing-missed' } })
const rows = (from: number, to: number): Row[] => Array.from({ length: to - from + 1 }, (_, i) => row(from + i))

test('the newest is on top', () => {
  const list = addRows(addRows(EMPTY_LIST, rows(1, 2)), rows(3, 4))
  expect(list.rows.map(({ key }) => key)).toEqual([4, 3, 2, 1])
})

test('only the last rows are kept, and the list says so', () => {
  const list = addRows(addRows(EMPTY_LIST, rows(1, 150)), rows(151, 1_500))
  expect(list.rows).toHaveLength(MAX_ROWS)
  expect(list.rows[0]?.key).toBe(1_500)
  expect(describeCount(list)).toBe('The last 200 of 1,500, newest first')
})

test('notices are not counted as publications', () => {
  expect(describeCount(addRows(EMPTY_LIST, [notice(1)]))).toBe('')
  expect(describeCount(addRows(EMPTY_LIST, [row(1), notice(2)]))).toBe('1, newest first')
})
