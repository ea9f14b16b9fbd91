import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Turnstile } from '../src/turnstile.ts'

test('never more are inside than it lets through, each gets its turn in order, and failures leave nothing behind', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.array(fc.boolean(), { maxLength: 40 }), async (most, fails) => {
      const turnstile = new Turnstile(most)
      const begun: number[] = []
      let inside = 0
      let highest = 0
      const passed = fails.map((fail, i) =>
        turnstile.pass(async () => {
          begun.push(i)
          highest = Math.max(highest, ++inside)
          for (let turns = 1 + (i % 7); turns > 0; turns--) await Promise.resolve()
          inside--
          if (fail) throw new Error(String(i))
          return i
        }),
      )
      const settled = await Promise.allSettled(passed)
      expect(settled.map(({ status }) => status === 'rejected')).toEqual(fails)
      expect(begun).toEqual(fails.map((_, i) => i))
      expect(highest).toBe(Math.min(most, fails.length))
    }),
  )
})
