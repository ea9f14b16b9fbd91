import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createClock } from '../src/environment/host-environment.ts'

test('a clock goes on by what the wall clock goes forward, and stands while somebody sets that back', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1e9, max: 1e9 })), (steps) => {
      let wallMs = 1e12
      const clock = createClock(() => wallMs)
      let expectedMs = 0
      for (const step of steps) {
        wallMs += step
        expectedMs += Math.max(0, step)
        expect(clock()).toBe(expectedMs)
      }
    }),
  )
})
