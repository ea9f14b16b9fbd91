import fc from 'fast-check'
import { expect, test } from 'vitest'
import { matchesPattern } from '../../src/cluster/channel-pattern.ts'

test.each([
  ['orders:42', 'orders:*', true],
  ['orders:42', '*:4?', true],
  ['orders:42', 'orders', false],
  ['orders', '*', true],
  ['a', '?', true],
  ['', '*', true],
  ['a', '??', false],
  ['a.b', 'a.b', true],
  ['axb', 'a.b', false],
  ['[a]', '[a]', true],
])('%s and %s: %s', (name, pattern, expected) => {
  expect(matchesPattern(name, pattern)).toBe(expected)
})

test('it is the same as a regular expression', () => {
  const few = fc.string({ unit: fc.constantFrom('a', 'b', ':', '.'), maxLength: 8 })
  const patterns = fc.string({ unit: fc.constantFrom('a', 'b', ':', '.', '*', '?'), maxLength: 8 })
  fc.assert(
    fc.property(few, patterns, (name, pattern) => {
      const source = pattern.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.')
      return matchesPattern(name, pattern) === new RegExp(`^${source}$`).test(name)
    }),
    { numRuns: 2000 },
  )
})

test('the worst pattern takes no time to speak of', () => {
  const before = process.cpuUsage().user
  expect(matchesPattern('a'.repeat(255), `${'*a'.repeat(120)}*b`)).toBe(false)
  expect(process.cpuUsage().user - before).toBeLessThan(100_000)
})
