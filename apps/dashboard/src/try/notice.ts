import type { Gap, Position } from '@wigwag/client'

/** What became of what was missed, at its place in the list. */
export type Notice =
  | { readonly type: 'nothing-missed' }
  | { readonly type: 'recovered'; readonly count: number; readonly complete: boolean }
  /** The channel keeps no history: there is nothing to recover from. */
  | { readonly type: 'no-history' }
  | { readonly type: 'missing'; readonly reason: Gap['reason']; readonly count: number | undefined }

/** What there is to say of a subscription that came back, and recovered so many publications. */
export function noticeOfRecovery(count: number): Notice {
  return count === 0 ? { type: 'nothing-missed' } : { type: 'recovered', count, complete: true }
}

/** Which publications of the channel's history a gap left: those behind what was known, up to where it goes on. */
export function behindGap<T extends { readonly offset: number | undefined }>(
  { after, position }: Gap,
  history: readonly T[],
): readonly T[] {
  if (position === undefined) return []
  // Offsets of another stream say nothing.
  const from = after?.epoch === position.epoch ? after.offset : 0
  return history.filter(({ offset = 0 }) => offset > from && offset <= position.offset)
}

/** What there is to say of a gap, in which so many publications could be had after all. */
export function noticeOfGap({ reason, after, position }: Gap, found: number): Notice {
  return reason === 'no-history'
    ? { type: 'no-history' }
    : { type: 'missing', reason, count: countMissing(after, position, found) }
}

/** Offsets count only within one epoch: when it changed, nobody knows how many are missing. */
function countMissing(after: Position | undefined, position: Position | undefined, found: number): number | undefined {
  if (after === undefined || after.epoch !== position?.epoch) return undefined
  return Math.max(0, position.offset - after.offset - found)
}

/** Whether something is gone for good, which deserves more than a quiet line. */
export function isLoss(notice: Notice): boolean {
  return notice.type === 'missing' || notice.type === 'no-history'
}

export function describeNotice(notice: Notice): string {
  switch (notice.type) {
    case 'nothing-missed':
      return 'Reconnected. Nothing was missed.'
    case 'no-history':
      return 'Reconnected. The server keeps no history of this channel: what was published meanwhile cannot be recovered.'
    case 'recovered':
      return `${countPublications(notice.count, notice.complete ? 'missed ' : 'later ')} recovered.`
    case 'missing':
      return describeMissing(notice.reason, notice.count)
  }
}

function describeMissing(reason: Gap['reason'], count: number | undefined): string {
  if (reason === 'epoch-changed') {
    return 'History was lost, most likely because the server restarted. How many publications are missing is not known.'
  }
  const some =
    count === undefined
      ? 'Some publications are missing'
      : `${countPublications(count)} ${count === 1 ? 'is' : 'are'} missing`
  return reason === 'history-expired'
    ? `${some}: the server’s history no longer reaches back that far.`
    : `${some}: the server had this page begin anew.`
}

function countPublications(count: number, kind = ''): string {
  return `${count.toLocaleString('en')} ${kind}publication${count === 1 ? '' : 's'}`
}
