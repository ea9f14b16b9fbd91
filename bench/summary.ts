import { type Cell, isMemory } from './cell.ts'
import type { HalfLoad, MemoryReport, TrafficReport } from './generator/load-spec.ts'
import {
  cpuUsPerMessage,
  echoedBytes,
  idleBytes,
  isFlawless,
  type Sample,
  serverCpuUs,
  userUsPerMessage,
} from './result.ts'
import { median } from './statistics.ts'
import { baselineOf } from './subject-table.ts'

/** How many times less a subject needs than the baseline in the same round. */
export interface Ratio {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** The runs of one subject in a cell of messages or handshakes, put together: medians over the rounds. */
export interface TrafficSummary {
  readonly kind: 'traffic'
  readonly cell: string
  readonly subject: string
  readonly rounds: number
  readonly cpuUsPerMessage: number
  readonly userUsPerMessage: number
  /** By process, when the subject has more than one or needs a service. */
  readonly processes: readonly { readonly name: string; readonly cpuUsPerMessage: number }[]
  readonly ratio: Ratio | undefined
  readonly messagesPerSec: number
  readonly p50Us: number
  readonly p99Us: number
  readonly halfLoad: HalfLoad | undefined
  /** Cores that the subject's own processes and the generator kept busy. */
  readonly serverShare: number
  readonly generatorShare: number
}

/** The runs of one subject in a cell of idle connections. */
export interface MemorySummary {
  readonly kind: 'memory'
  readonly cell: string
  readonly subject: string
  readonly rounds: number
  readonly idleBytes: number
  readonly idleRatio: Ratio | undefined
  readonly echoedBytes: number
  readonly echoedRatio: Ratio | undefined
}

/** What came out for one subject in one cell. */
export type Summary = TrafficSummary | MemorySummary

/** A flawless run of a kind. */
interface Run<Report> {
  readonly round: number
  readonly subject: string
  readonly report: Report
}

/** Sums the flawless samples up, by cell and subject, in the order in which they are named. */
export function summarize(samples: readonly Sample[], cells: readonly Cell[], subjects: readonly string[]): Summary[] {
  return cells.flatMap((cell): Summary[] => {
    const inCell = samples.filter((sample) => sample.cell === cell.name && isFlawless(sample))
    const named = subjects.filter((subject) => inCell.some((sample) => sample.subject === subject))
    return isMemory(cell)
      ? named.map((subject) => summarizeMemory(cell, subject, inCell.flatMap(memoryRun)))
      : named.map((subject) => summarizeTraffic(cell, subject, inCell.flatMap(trafficRun)))
  })
}

function summarizeTraffic(cell: Cell, subject: string, inCell: readonly Run<TrafficReport>[]): TrafficSummary {
  const reports = inCell.filter((run) => run.subject === subject).map(({ report }) => report)
  const middle = (value: (report: TrafficReport) => number) => median(reports.map(value))
  return {
    kind: 'traffic',
    cell: cell.name,
    subject,
    rounds: reports.length,
    cpuUsPerMessage: middle(cpuUsPerMessage),
    userUsPerMessage: middle(userUsPerMessage),
    processes: summarizeProcesses(reports),
    ratio: summarizeRatios(cell, subject, inCell, cpuUsPerMessage),
    messagesPerSec: middle((report) => report.messages / report.secs),
    p50Us: middle((report) => report.p50Us),
    p99Us: middle((report) => report.p99Us),
    halfLoad: summarizeHalfLoad(reports),
    serverShare: middle((report) => serverCpuUs(report) / report.secs / 1e6),
    generatorShare: middle((report) => report.generatorCpuUs / report.secs / 1e6),
  }
}

function summarizeHalfLoad(reports: readonly TrafficReport[]): HalfLoad | undefined {
  const loads = reports.flatMap(({ halfLoad }) => halfLoad ?? [])
  if (loads.length === 0) return undefined
  const middle = (value: (load: HalfLoad) => number) => median(loads.map(value))
  return {
    publicationsPerSec: middle((load) => load.publicationsPerSec),
    p50Us: middle((load) => load.p50Us),
    p99Us: middle((load) => load.p99Us),
    p999Us: middle((load) => load.p999Us),
  }
}

function summarizeProcesses(reports: readonly TrafficReport[]): TrafficSummary['processes'] {
  const names = reports[0]?.processes.map(({ name }) => name) ?? []
  if (names.length < 2) return []
  return names.map((name, i) => ({
    name,
    cpuUsPerMessage: median(reports.map((report) => (report.processes[i]?.cpuUs ?? 0) / report.messages)),
  }))
}

function summarizeMemory(cell: Cell, subject: string, inCell: readonly Run<MemoryReport>[]): MemorySummary {
  const reports = inCell.filter((run) => run.subject === subject).map(({ report }) => report)
  return {
    kind: 'memory',
    cell: cell.name,
    subject,
    rounds: reports.length,
    idleBytes: median(reports.map(idleBytes)),
    idleRatio: summarizeRatios(cell, subject, inCell, idleBytes),
    echoedBytes: median(reports.map(echoedBytes)),
    echoedRatio: summarizeRatios(cell, subject, inCell, echoedBytes),
  }
}

function summarizeRatios<Report>(
  cell: Cell,
  subject: string,
  inCell: readonly Run<Report>[],
  cost: (report: Report) => number,
): Ratio | undefined {
  const ratios = inCell.flatMap((own) => {
    if (own.subject !== subject) return []
    const baseline = inCell.find((run) => run.round === own.round && run.subject === baselineOf(cell))
    const ratio = baseline === undefined ? Number.NaN : cost(baseline.report) / cost(own.report)
    return ratio > 0 && Number.isFinite(ratio) ? [ratio] : []
  })
  if (ratios.length === 0) return undefined
  return { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) }
}

function trafficRun({ round, subject, outcome }: Sample): Run<TrafficReport>[] {
  if (outcome.kind === 'failed' || outcome.report.kind !== 'traffic') return []
  return [{ round, subject, report: outcome.report }]
}

function memoryRun({ round, subject, outcome }: Sample): Run<MemoryReport>[] {
  if (outcome.kind === 'failed' || outcome.report.kind !== 'memory') return []
  return [{ round, subject, report: outcome.report }]
}
