import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ReadMemory } from '../../src/bridge/read-memory.ts'

const SMALL_BYTES = 4 * 1024

/** One read: how much of the array it fills, in percent, and whether all that was read before it, and it, is free then. */
const reads = fc.array(fc.record({ percent: fc.integer({ min: 1, max: 100 }), isFree: fc.boolean() }), {
  maxLength: 60,
})

test('several streams are never given an array of which bytes are still needed', () => {
  fc.assert(
    fc.property(fc.array(reads, { minLength: 1, maxLength: 3 }), (streams) => {
      const states = streams.map(() => {
        const memory = new ReadMemory()
        return { memory, current: memory.first, needed: new Set<Uint8Array>() }
      })
      for (let turn = 0; turn < 60; turn++) {
        for (const [at, state] of states.entries()) {
          const read = streams[at]?.[turn]
          if (read === undefined) continue
          const bytes = Math.ceil((state.current.length * read.percent) / 100)
          if (bytes > SMALL_BYTES) state.needed.add(state.current)
          if (read.isFree) state.needed.clear()
          state.current = state.memory.next(state.current, bytes, read.isFree)
          for (const { needed } of states) expect(needed.has(state.current)).toBe(false)
          const others = states.filter((other) => other !== state).map(({ current }) => current)
          expect(others).not.toContain(state.current)
        }
      }
    }),
  )
})

test('what fills its array is followed by a large one, what does not by the small one: nothing large is kept at rest', () => {
  const memory = new ReadMemory()
  const small = memory.first
  expect(small.length).toBe(SMALL_BYTES)
  const large = memory.next(small, small.length, false)
  expect(large.length).toBe(64 * 1024)
  expect(memory.next(large, large.length, true)).toBe(large)
  expect(memory.next(large, 1, true)).toBe(small)
  // It is there for whoever needs the next.
  const other = new ReadMemory()
  expect(other.next(other.first, SMALL_BYTES, true)).toBe(large)
})
