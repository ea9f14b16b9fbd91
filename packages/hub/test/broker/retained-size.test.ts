import { expect, test } from 'vitest'
import { retainedSize } from '../../src/broker/retained-size.ts'

test('text and bytes count as their length', () => {
  expect(retainedSize('')).toBe(0)
  expect(retainedSize('hello')).toBe(5)
  expect(retainedSize(new Uint8Array(1000))).toBe(1000)
})

test.each([null, true, 0, 1.5, [], {}, [null], { a: null }, [[], {}, 'text'], { a: { b: [1] } }])(
  'JSON counts no less than its text: %j',
  (value) => {
    expect(retainedSize(value)).toBeGreaterThanOrEqual(JSON.stringify(value).length)
  },
)

test('every part of JSON counts, wherever it stands', () => {
  expect(retainedSize([{}, {}])).toBe(retainedSize([{}]) * 2 - retainedSize([]))
  expect(retainedSize({ a: [] })).toBe(retainedSize([{ a: 1 }]) - retainedSize(1))
  expect(retainedSize([undefined as unknown as null, 'x'.repeat(100)])).toBeGreaterThan(100)
})

test('any depth is counted, from any stack', () => {
  let deep: unknown = []
  for (let i = 0; i < 200_000; i++) deep = [deep]
  expect(retainedSize(deep as readonly null[])).toBeGreaterThan(200_000)
})
