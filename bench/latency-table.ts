import type { Cell } from './cell.ts'
import { isGeneratorBusy } from './generator-share.ts'
import { baselineOf } from './subject-table.ts'
import type { Summary, TrafficSummary } from './summary.ts'
import type { Table } from './table.ts'

// Medians of p50 differ by this share without meaning anything; p99 is the latency of the unluckiest, and varies more.
const P50_NOISE = 0.1
const P99_NOISE = 0.25

/** How a latency compares with that of the baseline. */
type Verdict = 'better' | 'same' | 'worse'

/**
 * Latency where that is the server's own: with one message in flight. A line for each cell, a column for each subject; nothing
 * when no such cell was run.
 */
export function latencyTable(summaries: readonly Summary[], cells: readonly Cell[]): Table | undefined {
  const single = cells.filter(isSingle)
  const inCells = summaries.flatMap((summary) =>
    summary.kind === 'traffic' && single.some(({ name }) => name === summary.cell) ? [summary] : [],
  )
  if (inCells.length === 0) return undefined
  const subjects = [...new Set(inCells.map(({ subject }) => subject))]
  const rows = single.flatMap((cell) => {
    const inCell = inCells.filter((summary) => summary.cell === cell.name)
    const baseline = inCell.find(({ subject }) => subject === baselineOf(cell))
    const texts = subjects.map((subject) => {
      const own = inCell.find((summary) => summary.subject === subject)
      return own === undefined ? '' : describe(own, baseline)
    })
    return inCell.length === 0 ? [] : [[cell.name, ...texts]]
  })
  return {
    title: `Latency with one message in flight: p50 / p99 in ms, and beside ${[...new Set(single.map(baselineOf))].join(' or ')}`,
    heads: ['', ...subjects],
    rows,
    notes: [
      `better, worse: p50 differs by more than ${P50_NOISE * 100} %, or p99 by more than ${P99_NOISE * 100} % where p50 does not.`,
      ...(inCells.some(isGeneratorBusy) ? ['* The generator was busy: it waited for itself as well.'] : []),
    ],
  }
}

/** p50 decides; where it is about the same, p99 does. */
function judgeLatency(own: TrafficSummary, baseline: TrafficSummary): Verdict {
  const byP50 = judge(own.p50Us / baseline.p50Us, P50_NOISE)
  return byP50 === 'same' ? judge(own.p99Us / baseline.p99Us, P99_NOISE) : byP50
}

function judge(ratio: number, noise: number): Verdict {
  if (ratio > 1 + noise) return 'worse'
  return ratio < 1 / (1 + noise) ? 'better' : 'same'
}

function isSingle(cell: Cell): boolean {
  return (cell.workload === 'echo' || cell.workload === 'fan-out' || cell.workload === 'cluster') && cell.depth === 1
}

function describe(own: TrafficSummary, baseline: TrafficSummary | undefined): string {
  const figures = `${toMs(own.p50Us)} / ${toMs(own.p99Us)}${isGeneratorBusy(own) ? '*' : ''}`
  return baseline === undefined || baseline === own ? figures : `${figures} ${judgeLatency(own, baseline)}`
}

function toMs(us: number): string {
  return (us / 1000).toFixed(2)
}
