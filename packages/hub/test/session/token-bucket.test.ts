import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TokenBucket } from '../../src/session/token-bucket.ts'
import { WaitingLine } from '../../src/session/waiting-line.ts'

describe('a bucket of tokens', () => {
  test('gives its burst at once, then as many as come back', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 3 })
    expect([1, 2, 3, 4].map(() => bucket.take(0) === 0)).toEqual([true, true, true, false])
    expect(bucket.take(0)).toBeCloseTo(100)
    expect(bucket.take(100)).toBe(0)
    expect(bucket.take(150)).toBeCloseTo(50)
    expect([1, 2, 3, 4].map(() => bucket.take(10_000) === 0)).toEqual([true, true, true, false])
  })

  test('gives more than its burst when it is full, and is then in debt', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 5 })
    expect(bucket.take(0, 20)).toBe(0)
    expect(bucket.take(0, 1)).toBeCloseTo(1600)
    expect(bucket.take(1600)).toBe(0)
  })

  test('is what a bucket with a counter would be', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 1, max: 60 })), { maxLength: 60 }),
        (perSecond, burst, takings) => {
          const bucket = new TokenBucket({ perSecond, burst })
          let nowMs = -5000
          let tokens = burst
          for (const [laterMs, wanted] of takings) {
            nowMs += laterMs
            tokens = Math.min(burst, tokens + (laterMs * perSecond) / 1000)
            const needed = Math.min(wanted, burst)
            // Within a hair either answer is right.
            fc.pre(Math.abs(tokens - needed) > 0.01 || tokens === needed)
            const waitMs = bucket.take(nowMs, wanted)
            expect(waitMs === 0).toBe(tokens >= needed)
            if (waitMs === 0) tokens -= wanted
            else expect(waitMs).toBeCloseTo(((needed - tokens) * 1000) / perSecond, 3)
          }
        },
      ),
    )
  })
})

describe('a waiting line', () => {
  test('tells each another time, as many a second as are let in', () => {
    const line = new WaitingLine(10)
    const turns = Array.from({ length: 20 }, () => line.join(0, 1000))
    expect(turns.slice(0, 3)).toEqual([1000, 1100, 1200])
    expect(new Set(turns).size).toBe(20)
  })

  test('starts over when nobody came for a while, and sends nobody away for longer than 30 s', () => {
    const line = new WaitingLine(10)
    for (let i = 0; i < 1000; i++) expect(line.join(0, 0)).toBeLessThanOrEqual(30_000)
    expect(line.join(0, 0)).toBe(30_000)
    expect(line.join(60_000, 5000)).toBe(5000)
  })
})
