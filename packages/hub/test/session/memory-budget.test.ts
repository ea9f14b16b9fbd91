import { describe, expect, test } from 'vitest'
import { readProcessMemory } from '../../src/node/process-memory.ts'
import { MemoryBudget, type MemoryUse } from '../../src/session/memory-budget.ts'

const MIB = 1024 * 1024
const idle: MemoryUse = {
  residentBytes: 100 * MIB,
  availableBytes: 1000 * MIB,
  heapBytes: 50 * MIB,
  heapLimitBytes: 500 * MIB,
}

describe('a memory budget', () => {
  test.each([
    ['little is in use', 0, {}, 'ample', 0],
    ['four fifths of what is available are', 0, { residentBytes: 800 * MIB }, 'short', 0],
    ['nine tenths are', 0, { residentBytes: 900 * MIB }, 'critical', 100 * MIB],
    ['four fifths of the heap are', 0, { heapBytes: 400 * MIB }, 'short', 0],
    ['nine tenths of the heap are', 0, { heapBytes: 450 * MIB }, 'critical', 50 * MIB],
    ['all that was allowed is', 100 * MIB, {}, 'short', 0],
    ['an eighth more than was allowed is', 80 * MIB, {}, 'critical', 20 * MIB],
    ['less than was allowed is, and nearly all of the heap', 700 * MIB, { heapBytes: 499 * MIB }, 'critical', 99 * MIB],
  ] as const)('when %s', (_when, maxBytes, use, state, excessBytes) => {
    const budget = new MemoryBudget(maxBytes, () => ({ ...idle, ...use }))
    expect(budget.state).toBe('ample')
    expect(budget.measure()).toBe(excessBytes)
    expect(budget.state).toBe(state)
  })

  test('is ample again when what was held is gone', () => {
    let use = { ...idle, residentBytes: 950 * MIB }
    const budget = new MemoryBudget(0, () => use)
    budget.measure()
    use = idle
    budget.measure()
    expect(budget.state).toBe('ample')
  })

  test('of this process is measured in numbers that fit together', () => {
    const { residentBytes, availableBytes, heapBytes, heapLimitBytes } = readProcessMemory()
    expect(heapBytes).toBeGreaterThan(MIB)
    expect(heapLimitBytes).toBeGreaterThan(heapBytes)
    expect(residentBytes).toBeGreaterThan(10 * MIB)
    expect(availableBytes).toBeGreaterThan(residentBytes)
    expect(Number.isFinite(availableBytes)).toBe(true)
  })
})
