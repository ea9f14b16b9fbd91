import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KeptBytes } from '../../src/node/kept-bytes.ts'
import { LateWrites } from '../../src/node/late-writes.ts'

test('late writes come out in order and whole, whoever waits for one is told once and not before its bytes', () => {
  const step = fc.oneof(
    fc.record({ bytes: fc.oneof(fc.nat(40), fc.nat(20_000)), isAwaited: fc.boolean() }),
    fc.constant('take' as const),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const late = new LateWrites()
      const added: number[] = []
      const taken: number[] = []
      const told: number[] = []
      const awaited: number[] = []
      const take = (): boolean => {
        const next = late.take()
        if (next === undefined) return false
        taken.push(...next.bytes)
        next.written?.()
        for (const at of told) expect(at).toBeLessThanOrEqual(taken.length)
        return true
      }
      for (const [i, one] of steps.entries()) {
        if (one === 'take') take()
        else {
          added.push(...new Uint8Array(one.bytes).fill(i))
          const behind = added.length
          if (one.isAwaited) awaited.push(behind)
          late.add(new Uint8Array(one.bytes).fill(i), one.isAwaited ? () => told.push(behind) : undefined)
        }
      }
      while (take());
      expect(Buffer.from(taken).equals(Buffer.from(added))).toBe(true)
      expect(told).toEqual(awaited)
    }),
  )
})

test('thousands of small writes come out as few', () => {
  const late = new LateWrites()
  for (let i = 0; i < 100_000; i++) late.add(new Uint8Array(12), undefined)
  let count = 0
  while (late.take() !== undefined) count++
  expect(count).toBeLessThan(100)
})

test('kept bytes are those that came, however they were cut', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1 }), fc.nat(64), (pieces, capacity) => {
      const kept = new KeptBytes(capacity)
      for (const piece of pieces) kept.add(Uint8Array.of(1, ...piece, 2), 1, piece.length + 1)
      const all = Buffer.concat(pieces)
      expect(kept.length).toBe(all.length)
      expect(all.equals(kept.bytes)).toBe(true)
    }),
  )
})
