import type { Cell } from './cell-table.ts'
import type { LoadReport } from './generator/load-spec.ts'
import { median } from './statistics.ts'
import { BASELINE } from './subject-table.ts'

/** One run and where it belongs. */
export interface Sample {
  readonly round: number
  readonly cell: string
  readonly subject: string
  readonly report: LoadReport
}

/** The runs of one subject in one cell, put together: medians over the rounds. */
export interface Summary {
  readonly cell: string
  readonly subject: string
  readonly cpuUsPerMessage: number
  /** The part of it that is user time: JavaScript, V8, libuv. */
  readonly userUsPerMessage: number
  /** Messages per server CPU second relative to the baseline in the same round: median, least, most. */
  readonly ratio: { readonly median: number; readonly min: number; readonly max: number } | undefined
  readonly messagesPerSec: number
  readonly p50Us: number
  readonly p99Us: number
  /** Cores that the server and the generator kept busy. */
  readonly serverShare: number
  readonly generatorShare: number
}

/** Sums the flawless samples up, by cell and subject, in the order in which they are named. */
export function summarize(samples: readonly Sample[], cells: readonly Cell[], subjects: readonly string[]): Summary[] {
  return cells.flatMap((cell) => {
    const inCell = samples.filter((sample) => sample.cell === cell.name && isFlawless(sample.report))
    return subjects.flatMap((subject) => {
      const own = inCell.filter((sample) => sample.subject === subject)
      return own.length === 0 ? [] : [summarizeSubject(cell.name, subject, own, inCell)]
    })
  })
}

/** CPU time of the server per message that arrived. */
export function cpuUsPerMessage(report: LoadReport): number {
  return report.serverCpuUs / report.messages
}

/** Whether every reply was right and came, on connections that stayed. */
export function isFlawless(report: LoadReport): boolean {
  return report.wrong === 0 && report.lost === 0 && report.missing === 0 && report.messages > 0
}

function summarizeSubject(cell: string, subject: string, own: readonly Sample[], inCell: readonly Sample[]): Summary {
  const middle = (value: (report: LoadReport) => number) => median(own.map((sample) => value(sample.report)))
  return {
    cell,
    subject,
    cpuUsPerMessage: middle(cpuUsPerMessage),
    userUsPerMessage: middle((report) => cpuUsPerMessage(report) * report.serverUserShare),
    ratio: summarizeRatios(own, inCell),
    messagesPerSec: middle((report) => report.messages / report.secs),
    p50Us: middle((report) => report.p50Us),
    p99Us: middle((report) => report.p99Us),
    serverShare: middle((report) => report.serverCpuUs / report.secs / 1e6),
    generatorShare: middle((report) => report.generatorCpuUs / report.secs / 1e6),
  }
}

function summarizeRatios(own: readonly Sample[], inCell: readonly Sample[]): Summary['ratio'] {
  const ratios = own.flatMap(({ round, report }) => {
    const baseline = inCell.find((sample) => sample.round === round && sample.subject === BASELINE)
    return baseline === undefined ? [] : [cpuUsPerMessage(baseline.report) / cpuUsPerMessage(report)]
  })
  return ratios.length === 0
    ? undefined
    : { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) }
}
