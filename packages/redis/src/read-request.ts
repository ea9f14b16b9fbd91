import type { HistoryRange, HistoryStart, Position } from '@wigwag/hub'

/** What of a stream is read, in one form for all that can be asked. */
export interface ReadRequest {
  readonly from: Position | undefined
  readonly isReverse: boolean
  /** Most entries read; nothing: all. 0 asks for where the stream stands, and what its oldest entry is. */
  readonly limit: number | undefined
}

/** What is read when a history is asked for. */
export function readRequestOf(from: HistoryStart | undefined, range: HistoryRange | undefined): ReadRequest {
  if (from === 'latest') return { from: undefined, isReverse: true, limit: Math.min(1, range?.limit ?? 1) }
  if (from === undefined && range === undefined) return { from, isReverse: false, limit: 0 }
  return { from, isReverse: range?.reverse ?? false, limit: range?.limit }
}
