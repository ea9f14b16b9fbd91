export { ManualClock, settled } from './manual-clock.ts'
export { type MemoryHub, MemoryLine, type MemorySession, type MemorySessionTransport } from './memory-line.ts'
