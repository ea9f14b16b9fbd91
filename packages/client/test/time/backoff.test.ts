import fc from 'fast-check'
import { expect, test } from 'vitest'
import { backoffDelay } from '../../src/time/backoff.ts'

const BACKOFF = { minDelayMs: 500, maxDelayMs: 20_000 }

test('a wait is within its bounds, whatever the failures', () => {
  fc.assert(
    fc.property(fc.nat(1e6), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (failures, random) => {
      const delay = backoffDelay(BACKOFF, failures, random)
      expect(delay).toBeGreaterThanOrEqual(500)
      expect(delay).toBeLessThan(20_000)
    }),
  )
})

test('a fleet that has been away for long is spread over the whole wait: a tenth of it in each tenth', () => {
  const waits = Array.from({ length: 1000 }, (_, i) => backoffDelay(BACKOFF, 20, i / 1000))
  for (let tenth = 0; tenth < 10; tenth++) {
    const [from, to] = [tenth, tenth + 1].map((each) => 500 + each * 1950) as [number, number]
    expect(Math.abs(waits.filter((wait) => wait >= from && wait < to).length - 100)).toBeLessThanOrEqual(1)
  }
})

test('a longest wait below the shortest is the shortest', () => {
  expect(backoffDelay({ minDelayMs: 500, maxDelayMs: 100 }, 3, 0.5)).toBe(500)
})
