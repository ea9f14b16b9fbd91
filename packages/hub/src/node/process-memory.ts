import { totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import type { MemoryUse } from '../session/memory-budget.ts'

/** What this process holds, and what it may hold. */
export function readProcessMemory(): MemoryUse {
  const { used_heap_size: heapBytes, heap_size_limit: heapLimitBytes } = getHeapStatistics()
  // Where there is no limit it is 0, or more than any machine has.
  const allowedBytes = process.constrainedMemory() || Number.POSITIVE_INFINITY
  const availableBytes = Math.min(totalmem(), allowedBytes)
  return { residentBytes: process.memoryUsage.rss(), availableBytes, heapBytes, heapLimitBytes }
}
