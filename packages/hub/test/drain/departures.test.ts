import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Departures } from '../../src/drain/departures.ts'
import type { Drainable } from '../../src/drain/drainable.ts'

interface Left {
  readonly part: number
  readonly atMs: number
  readonly delayMs: number
}

/** Has so many clients of each part leave, looked at every `tickMs`. */
function leave(sizes: readonly number[], overMs: number, maxPerSecond: number, tickMs = 25): Left[] {
  const left: Left[] = []
  let nowMs = 0
  const parts = sizes.map(
    (size, part): Drainable => ({
      beginDrain: () =>
        Array.from({ length: size }, () => (delayMs: number) => left.push({ part, atMs: nowMs, delayMs })),
      emptied: async () => {},
      terminate: () => {},
    }),
  )
  const departures = new Departures(parts, { overMs, maxPerSecond })
  for (departures.leave(0); departures.remaining > 0; departures.leave(nowMs)) nowMs += tickMs
  return left
}

describe('departures', () => {
  test('are spread evenly over the time there is', () => {
    const left = leave([3000], 3000, 1e9)
    const perTenth = Array.from(
      { length: 10 },
      (_, i) => left.filter(({ atMs }) => Math.floor(atMs / 300) === i).length,
    )
    expect(perTenth.reduce((sum, count) => sum + count)).toBe(3000 - left.filter(({ atMs }) => atMs === 3000).length)
    for (const count of perTenth) expect(Math.abs(count - 300)).toBeLessThanOrEqual(25)
  })

  test('of each kind are spread over all of it', () => {
    const left = leave([900, 30, 3], 3000, 1e9)
    for (const [part, size] of [900, 30, 3].entries()) {
      const firstHalf = left.filter((each) => each.part === part && each.atMs < 1500).length
      expect(Math.abs(firstHalf - size / 2)).toBeLessThanOrEqual(Math.max(1, size / 50))
    }
  })

  test('of few take no longer than they need: 10 ms for each', () => {
    expect(leave([20], 3000, 1e9).at(-1)?.atMs).toBeLessThanOrEqual(225)
    expect(leave([1], 3000, 1e9)).toEqual([{ part: 0, atMs: 0, delayMs: 0 }])
  })

  test('in no time are all at once', () => {
    expect(leave([500], 0, 1e9).every(({ atMs }) => atMs === 0)).toBe(true)
  })

  test('come back no faster than may come in: who leaves early is advised to wait', () => {
    const left = leave([5000], 1000, 500)
    const returns = left.map(({ atMs, delayMs }) => atMs + delayMs)
    for (let second = 0; second < 10; second++) {
      const back = returns.filter((atMs) => atMs >= second * 1000 && atMs < (second + 1) * 1000).length
      expect(Math.abs(back - 500)).toBeLessThanOrEqual(1)
    }
  })

  test('whatever there is and however seldom it is looked, everybody leaves once, in time, and returns are spread', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(400), { maxLength: 4 }),
        fc.nat(5000),
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 1, max: 3000 }),
        (sizes, overMs, maxPerSecond, tickMs) => {
          const count = sizes.reduce((sum, size) => sum + size, 0)
          const left = leave(sizes, overMs, maxPerSecond, tickMs)
          expect(left.length).toBe(count)
          for (const [part, size] of sizes.entries()) {
            expect(left.filter((each) => each.part === part).length).toBe(size)
          }
          expect(left.at(-1)?.atMs ?? 0).toBeLessThan(overMs + tickMs)
          const windowMs = Math.max(Math.min(overMs, count * 10), (count * 1000) / maxPerSecond)
          for (const { atMs, delayMs } of left) {
            expect(delayMs).toBeGreaterThanOrEqual(0)
            expect(atMs + delayMs).toBeLessThanOrEqual(windowMs + tickMs + 1)
          }
        },
      ),
    )
  })
})
