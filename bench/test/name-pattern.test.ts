import { expect, test } from 'vitest'
import { pickByName } from '../name-pattern.ts'

const TABLE = ['echo-16B', 'echo-16KiB', 'fan-out-1000-d1', 'fan-out-1000-d16'].map((name) => ({ name }))

test.each([
  { patterns: undefined, picked: ['echo-16B', 'echo-16KiB', 'fan-out-1000-d1', 'fan-out-1000-d16'] },
  { patterns: ['echo'], picked: ['echo-16B', 'echo-16KiB'] },
  { patterns: ['fan-out-1000-d1'], picked: ['fan-out-1000-d1'] },
  { patterns: ['*-d1'], picked: ['fan-out-1000-d1'] },
  { patterns: ['echo-16?'], picked: ['echo-16B'] },
  { patterns: ['fan-out-1000-d16', 'echo-16B'], picked: ['echo-16B', 'fan-out-1000-d16'] },
])('$patterns picks $picked', ({ patterns, picked }) => {
  expect(pickByName('cell', TABLE, patterns).map(({ name }) => name)).toEqual(picked)
})

test('a pattern that picks nothing is named, with what there is', () => {
  expect(() => pickByName('cell', TABLE, ['echo', 'ehco'])).toThrow(/--cell "ehco" names nothing.*echo-16KiB/)
})
