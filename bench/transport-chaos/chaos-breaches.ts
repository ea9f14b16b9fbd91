import type { Unrecovered } from '../nothing-lost/ledger.ts'
import type { AccountReport } from './account.ts'

/** What came of a scenario. */
export interface ChaosFigures {
  /** Whether Redis kept what it stored. */
  readonly persistence: 'always' | 'none'
  readonly publications: number
  /** The epochs that publications were stored in, from the first to that of the end. */
  readonly epochs: readonly string[]
  readonly reports: readonly AccountReport[]
}

/** What no subscriber may have, whatever Redis does. */
const NEVER = ['doubled', 'disordered', 'gaps', 'strayed'] as const
/** What none may have besides when Redis keeps everything. */
const NEVER_WHERE_KEPT = [...NEVER, 'missing', 'gapsTold'] as const

/** What is wrong, in words; nothing when all is well. Histories hold everything that Redis has not forgotten. */
export function findChaosBreaches({ persistence, epochs, reports }: ChaosFigures): readonly string[] {
  return reports.flatMap((report) => {
    const { transport, hasFinished, connections } = report
    const isKept = persistence === 'always'
    const never = isKept ? NEVER_WHERE_KEPT : NEVER
    const breaches = never.flatMap((name) => (report[name] === 0 ? [] : [`${transport}: ${report[name]} ${name}`]))
    if (!isKept) breaches.push(...findGapBreaches(report, epochs))
    if (!hasFinished) breaches.push(`${transport}: it did not come to the end`)
    // Who was never away shows nothing.
    if (connections < 2) breaches.push(`${transport}: it was never away`)
    return breaches
  })
}

/** What is wrong with the gaps that a subscriber was told of. */
function findGapBreaches({ transport, unmet, afterGap }: AccountReport, epochs: readonly string[]): readonly string[] {
  const breaches: string[] = []
  if (unmet.length === 0) breaches.push(`${transport}: it was told of no gap, and Redis has forgotten`)
  const avoidable = unmet.filter((each) => wasAvoidable(each, epochs)).length
  if (avoidable > 0) breaches.push(`${transport}: ${avoidable} avoidable`)
  // Where what is held comes behind a gap, all of the new stream is.
  const withheld = afterGap === 'held' ? unmet.filter(({ stands }) => stands.offset > 0).length : 0
  if (withheld > 0) breaches.push(`${transport}: ${withheld} withheld`)
  return breaches
}

/** Whether the stream that was asked for was still there: an epoch that is over never comes again. */
function wasAvoidable({ asked, stands }: Unrecovered, epochs: readonly string[]): boolean {
  if (asked.epoch === stands.epoch || asked.epoch === epochs.at(-1)) return true
  const [before, behind] = [epochs.indexOf(asked.epoch), epochs.indexOf(stands.epoch)]
  return before >= 0 && behind >= 0 && behind < before
}
