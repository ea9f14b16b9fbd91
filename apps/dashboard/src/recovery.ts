import type { Position, Publication, StreamLine } from './stream-line.ts'

/**
 * What became of what was published while the line was down. One `Recovery` follows one channel across all its
 * WebSockets: it knows the position to resume from and turns lines into what the page tells.
 */
export interface Recovery {
  /** The last position heard of; where the next WebSocket resumes. None while no history is kept. */
  readonly position: Position | undefined
  readonly step: RecoveryStep
  /** A gap whose size is known as soon as the next line says where the stream goes on. */
  readonly gap: Gap | undefined
}

type RecoveryStep =
  /** Nothing was live yet, so nothing can have been missed. */
  | { readonly type: 'starting' }
  /** What comes before the live line was missed. */
  | { readonly type: 'recovering'; readonly gapSeen: boolean }
  | { readonly type: 'live' }

interface Gap {
  readonly reason: string
  readonly after: Position
}

export type Notice =
  | { readonly type: 'nothing-missed' }
  | { readonly type: 'recovered'; readonly count: number; readonly complete: boolean }
  /** The channel keeps no history: there is nothing to recover from. */
  | { readonly type: 'no-history' }
  | { readonly type: 'missing'; readonly reason: string; readonly count: number | undefined }

export type Told =
  | { readonly type: 'publication'; readonly publication: Publication; readonly recovered: boolean }
  | { readonly type: 'notice'; readonly notice: Notice }

export interface RecoveryResult {
  readonly recovery: Recovery
  readonly told: readonly Told[]
}

export function startRecovery(): Recovery {
  return { position: undefined, step: { type: 'starting' }, gap: undefined }
}

/** A new WebSocket has opened. If an earlier one was live, what this one says first was missed. */
export function resumeRecovery({ position, step }: Recovery): Recovery {
  return { position, step: step.type === 'starting' ? step : { type: 'recovering', gapSeen: false }, gap: undefined }
}

export function receiveLine(recovery: Recovery, line: StreamLine): RecoveryResult {
  switch (line.type) {
    case 'publication':
      return receivePublication(recovery, line.publication)
    case 'gap':
      return receiveGap(recovery, line)
    case 'live':
      return receiveLive(recovery, line)
    case 'unknown':
      return { recovery, told: [] }
  }
}

function receivePublication(recovery: Recovery, publication: Publication): RecoveryResult {
  const { position } = publication
  const recovered = recovery.step.type === 'recovering'
  const lastMissing = position && { ...position, offset: position.offset - 1 }
  return {
    recovery: { ...recovery, position: position ?? recovery.position, gap: undefined },
    told: [...closeGap(recovery.gap, lastMissing), { type: 'publication', publication, recovered }],
  }
}

function receiveGap(recovery: Recovery, { reason, after }: Gap): RecoveryResult {
  const step: RecoveryStep = recovery.step.type === 'recovering' ? { ...recovery.step, gapSeen: true } : recovery.step
  return { recovery: { ...recovery, step, gap: { reason, after } }, told: [] }
}

function receiveLive(
  { step, gap }: Recovery,
  { position, recovered }: { readonly position: Position | undefined; readonly recovered: number },
): RecoveryResult {
  const told = [...closeGap(gap, position)]
  if (step.type === 'recovering') {
    const complete = !step.gapSeen
    if (recovered > 0) told.push({ type: 'notice', notice: { type: 'recovered', count: recovered, complete } })
    else if (position === undefined && complete) told.push({ type: 'notice', notice: { type: 'no-history' } })
    else if (complete) told.push({ type: 'notice', notice: { type: 'nothing-missed' } })
  }
  return { recovery: { position, step: { type: 'live' }, gap: undefined }, told }
}

/** Offsets count only within one epoch: when it changed, nobody knows how many are missing. */
function closeGap(gap: Gap | undefined, lastMissing: Position | undefined): Told[] {
  if (gap === undefined) return []
  const { reason, after } = gap
  const count = lastMissing?.epoch === after.epoch ? Math.max(0, lastMissing.offset - after.offset) : undefined
  return [{ type: 'notice', notice: { type: 'missing', reason, count } }]
}

/** Whether something is gone for good, which deserves more than a quiet line. */
export function isLoss(notice: Notice): boolean {
  return notice.type === 'missing' || notice.type === 'no-history'
}

const NO_HISTORY =
  'Reconnected. The server keeps no history of this channel: what was published meanwhile cannot be recovered.'

export function describeNotice(notice: Notice): string {
  switch (notice.type) {
    case 'nothing-missed':
      return 'Reconnected. Nothing was missed.'
    case 'no-history':
      return NO_HISTORY
    case 'recovered':
      return notice.complete
        ? `${countPublications(notice.count, 'missed ')} recovered.`
        : `${countPublications(notice.count, 'later ')} recovered.`
    case 'missing':
      return describeMissing(notice.reason, notice.count)
  }
}

function describeMissing(reason: string, count: number | undefined): string {
  switch (reason) {
    case 'epoch-changed':
      return 'History was lost, most likely because the server restarted. How many publications are missing is not known.'
    case 'no-history':
      return NO_HISTORY
    case 'history-expired':
      return `${countMissing(count)}: the server’s history no longer reaches back that far.`
    default:
      return `${countMissing(count)}: the server says “${reason || 'gap'}”.`
  }
}

function countMissing(count: number | undefined): string {
  if (count === undefined) return 'Some publications are missing'
  return `${countPublications(count)} ${count === 1 ? 'is' : 'are'} missing`
}

function countPublications(count: number, kind = ''): string {
  return `${count.toLocaleString('en')} ${kind}publication${count === 1 ? '' : 's'}`
}
