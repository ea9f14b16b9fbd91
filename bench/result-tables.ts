import { type Cell, describeCell, isMemory } from './cell.ts'
import { isGeneratorBusy, warnOfBusyGenerator } from './generator-share.ts'
import { baselineOf } from './subject-table.ts'
import type { MemorySummary, Ratio, Summary, TrafficSummary } from './summary.ts'
import type { Table } from './table.ts'

const LIMITED = '* The generator was busy: rate and latency are understated by its limit; CPU time holds.'
const NOTHING = '–'

/** A table for each cell, a line for each subject. */
export function cellTables(summaries: readonly Summary[], cells: readonly Cell[]): Table[] {
  return cells.flatMap((cell) => {
    const inCell = summaries.filter((summary) => summary.cell === cell.name)
    if (inCell.length === 0) return []
    const title = `${cell.name}: ${describeCell(cell)}`
    if (isMemory(cell)) return [memoryTable(title, inCell.filter(isMemorySummary))]
    const unit = cell.workload === 'handshake' ? 'handshake' : 'message'
    return [trafficTable(title, unit, inCell.filter(isTraffic))]
  })
}

/** The medians of all ratios: a line for each cell, a column for each subject. */
export function overviewTable(summaries: readonly Summary[], cells: readonly Cell[]): Table {
  const subjects = [...new Set(summaries.map(({ subject }) => subject))]
  const rows = cells.flatMap((cell) => {
    const inCell = summaries.filter((summary) => summary.cell === cell.name)
    const row = (name: string, ratio: (summary: Summary) => Ratio | undefined) => [
      name,
      ...subjects.map((subject) => {
        const own = inCell.find((summary) => summary.subject === subject)
        return own === undefined ? '' : (ratio(own)?.median.toFixed(2) ?? NOTHING)
      }),
    ]
    if (inCell.length === 0) return []
    if (!isMemory(cell)) return [row(cell.name, (own) => (isTraffic(own) ? own.ratio : undefined))]
    return [
      row(`${cell.name} idle`, (own) => (isMemorySummary(own) ? own.idleRatio : undefined)),
      row(`${cell.name} after one message`, (own) => (isMemorySummary(own) ? own.echoedRatio : undefined)),
    ]
  })
  const baselines = [...new Set(cells.map(baselineOf))].join(' or ')
  return {
    title: `Ratios: messages (handshakes) per server CPU second, connections per MB; ${baselines} = 1.00, more is better`,
    heads: ['', ...subjects],
    rows,
    notes: warnOfBusyGenerator(summaries.filter(isTraffic)),
  }
}

function trafficTable(title: string, unit: string, summaries: readonly TrafficSummary[]): Table {
  const isLimited = summaries.some(isGeneratorBusy)
  return {
    title,
    heads: [
      '',
      `CPU µs per ${unit}`,
      'user µs',
      'ratio',
      'min–max',
      'rounds',
      `${unit}s/s`,
      'p50 ms',
      'p99 ms',
      'server',
      'generator',
    ],
    rows: summaries.map((summary) => [
      summary.subject,
      formatFigure(summary.cpuUsPerMessage),
      formatFigure(summary.userUsPerMessage),
      ...formatRatio(summary.ratio),
      String(summary.rounds),
      Math.round(summary.messagesPerSec).toString(),
      (summary.p50Us / 1000).toFixed(2),
      (summary.p99Us / 1000).toFixed(2),
      formatShare(summary.serverShare),
      `${formatShare(summary.generatorShare)}${isGeneratorBusy(summary) ? '*' : ''}`,
    ]),
    notes: [...summaries.flatMap(describeProcesses), ...(isLimited ? [LIMITED] : [])],
  }
}

function memoryTable(title: string, summaries: readonly MemorySummary[]): Table {
  return {
    title,
    heads: ['', 'idle KB each', 'ratio', 'min–max', 'after one message', 'ratio', 'min–max', 'rounds'],
    rows: summaries.map((summary) => [
      summary.subject,
      (summary.idleBytes / 1024).toFixed(2),
      ...formatRatio(summary.idleRatio),
      (summary.echoedBytes / 1024).toFixed(2),
      ...formatRatio(summary.echoedRatio),
      String(summary.rounds),
    ]),
    notes: [],
  }
}

function describeProcesses({ subject, processes }: TrafficSummary): string[] {
  if (processes.length === 0) return []
  const figures = processes.map(({ name, cpuUsPerMessage }) => `${name} ${formatFigure(cpuUsPerMessage)}`)
  return [`${subject}: ${figures.join(', ')} µs`]
}

function formatRatio(ratio: Ratio | undefined): readonly [string, string] {
  if (ratio === undefined) return [NOTHING, NOTHING]
  return [ratio.median.toFixed(2), `${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)}`]
}

/** Three digits that matter, whether it is 0.0412 or 2789. */
function formatFigure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}

function formatShare(share: number): string {
  return `${Math.round(share * 100)} %`
}

function isTraffic(summary: Summary): summary is TrafficSummary {
  return summary.kind === 'traffic'
}

function isMemorySummary(summary: Summary): summary is MemorySummary {
  return summary.kind === 'memory'
}
