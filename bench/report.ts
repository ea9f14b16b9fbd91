import { type Cell, describeCell } from './cell-table.ts'
import type { Machine } from './machine.ts'
import type { BenchOptions } from './options.ts'
import { describePinning, type Pinning } from './pinning.ts'
import { isFlawless, type Sample, type Summary } from './result.ts'
import { BASELINE } from './subject-table.ts'

// Above this the generator may be what limits messages/s and latency; CPU per message still holds.
const BUSY_GENERATOR = 0.9

const LIMITED = '* The generator was busy: msg/s and latency are understated by its limit; CPU per message holds.'

const COLUMNS = [
  '',
  'CPU µs/msg',
  'user µs',
  'ratio',
  'min–max',
  'msg/s',
  'p50 ms',
  'p99 ms',
  'server',
  'generator',
] as const

/** The lines above the table: what was measured, on what, with what. */
export function formatHeader(machine: Machine, pinning: Pinning, options: BenchOptions): string {
  return [
    `date      ${machine.date}`,
    `machine   ${machine.machine}, ${machine.cores} cores; ${describePinning(pinning)}`,
    `node      ${machine.node}`,
    ...Object.entries(machine.versions).map(([subject, version]) => `${subject.padEnd(9)} ${version}`),
    `rounds    ${options.rounds} × ${options.secs} s, after ${options.warmUpSecs} s of warm-up`,
    `ratio     messages per server CPU second, ${BASELINE} = 1.00 in the same round; median of the rounds`,
  ].join('\n')
}

/** The table: a block for each cell, a line for each subject. */
export function formatTable(summaries: readonly Summary[], cells: readonly Cell[]): string {
  const blocks = cells.map((cell) => {
    const rows = summaries.filter((summary) => summary.cell === cell.name).map(formatRow)
    return [`${cell.name}: ${describeCell(cell)}`, formatLine(COLUMNS), ...rows].join('\n')
  })
  const limited = summaries.some((summary) => summary.generatorShare > BUSY_GENERATOR)
  return blocks.join('\n\n') + (limited ? `\n\n${LIMITED}` : '')
}

/** What went wrong, a line each; empty when nothing did. */
export function formatFaults(samples: readonly Sample[]): string {
  return samples
    .filter(({ report }) => !isFlawless(report))
    .map(({ round, cell, subject, report }) => {
      const counts = `${report.messages} messages, ${report.wrong} wrong, ${report.missing} missing, ${report.lost} connections lost`
      return [`FAULT ${cell} ${subject} round ${round}: ${counts}`, ...report.notes].join('\n  ')
    })
    .join('\n')
}

function formatRow(summary: Summary): string {
  const { ratio, generatorShare } = summary
  return formatLine([
    summary.subject,
    summary.cpuUsPerMessage.toFixed(2),
    summary.userUsPerMessage.toFixed(2),
    ratio === undefined ? '–' : ratio.median.toFixed(2),
    ratio === undefined ? '–' : `${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)}`,
    Math.round(summary.messagesPerSec).toString(),
    (summary.p50Us / 1000).toFixed(2),
    (summary.p99Us / 1000).toFixed(2),
    `${Math.round(summary.serverShare * 100)} %`,
    `${Math.round(generatorShare * 100)} %${generatorShare > BUSY_GENERATOR ? '*' : ''}`,
  ])
}

function formatLine(texts: readonly string[]): string {
  return texts
    .map((text, column) => (column === 0 ? `  ${text.padEnd(8)}` : text.padStart(12)))
    .join('')
    .trimEnd()
}
