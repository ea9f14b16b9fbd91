import type { Position } from '../publication/position.ts'
import type { Gap } from '../publication/publication.ts'
import type { History, HistoryStart } from './broker.ts'

/** What is gone next to the position from which a stream was asked, where its offsets have no holes. */
export function findGap(asked: {
  readonly from: Position
  readonly isReverse: boolean
  /** Where the stream stands. */
  readonly position: Position
  /** The oldest offset that is retained, or the next one. */
  readonly oldest: number
}): Gap | undefined {
  const { from, isReverse, position, oldest } = asked
  // An offset ahead of the stream was never given out by it.
  if (from.epoch !== position.epoch || from.offset > position.offset) {
    return { reason: 'epoch-changed', after: from, position }
  }
  // Before the first publication there is none, and none is missed.
  const isGone = isReverse ? from.offset > 1 && from.offset <= oldest : from.offset + 1 < oldest
  return isGone ? { reason: 'history-expired', after: from, position } : undefined
}

/** History where none is kept. */
export function noHistory(from: HistoryStart | undefined): History {
  const gap: Gap | undefined =
    from === undefined || from === 'latest' ? undefined : { reason: 'no-history', after: from, position: undefined }
  return { position: undefined, publications: [], gap }
}
