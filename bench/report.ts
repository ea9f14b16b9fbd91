import type { Cell } from './cell.ts'
import { halfLoadTable } from './half-load-table.ts'
import { latencyTable } from './latency-table.ts'
import type { Machine } from './machine.ts'
import { describePinning, type Pinning } from './pinning.ts'
import { isFlawless, type Sample } from './result.ts'
import { cellTables, overviewTable } from './result-tables.ts'
import type { Summary } from './summary.ts'
import { formatMarkdown, formatText, type Table } from './table.ts'

/** Everything that a run gave. */
export interface Results {
  readonly machine: Machine
  readonly pinning: Pinning
  /** Which load generator made the load. */
  readonly generator: string
  readonly rounds: number
  readonly secs: number
  readonly warmUpSecs: number
  /** Why not all rounds were run; nothing when they were. */
  readonly endedEarly: string | undefined
  readonly leftOut: readonly string[]
  readonly cells: readonly Cell[]
  readonly summaries: readonly Summary[]
  readonly samples: readonly Sample[]
}

/** What the header tells; known before anything has been measured. */
export type Preamble = Pick<Results, 'machine' | 'pinning' | 'generator' | 'rounds' | 'secs' | 'warmUpSecs' | 'leftOut'>

/** The lines above the tables: what is measured, on what, with what. */
export function formatHeader(preamble: Preamble): string {
  return headerLines(preamble)
    .map(([name, text]) => `${name.padEnd(14)}${text}`)
    .join('\n')
}

/** The tables for a terminal. */
export function formatResults({ summaries, cells }: Pick<Results, 'summaries' | 'cells'>): string {
  return [...cellTables(summaries, cells), ...summaryTables(summaries, cells)].map(formatText).join('\n\n')
}

/** What is read first: on a terminal it comes last. */
function summaryTables(summaries: readonly Summary[], cells: readonly Cell[]): Table[] {
  const latencies = [halfLoadTable(summaries, cells), latencyTable(summaries, cells)]
  return [...latencies.filter((table) => table !== undefined), overviewTable(summaries, cells)]
}

/** Everything but the single runs, for people who read a repository. */
export function formatResultsMarkdown(results: Results): string {
  const { summaries, cells, samples, endedEarly } = results
  const faults = formatFaults(samples)
  return [
    `# Benchmark of ${results.machine.date.slice(0, 10)}`,
    `How this was measured and how to read it: [README](../README.md).${endedEarly === undefined ? '' : ` Not all rounds were run: ${endedEarly}.`}`,
    headerLines(results)
      .map(([name, text]) => `- **${name}** ${text}`)
      .join('\n'),
    ...summaryTables(summaries, cells).map((table) => `#${formatMarkdown(table).slice(2)}`),
    '## Every cell',
    ...cellTables(summaries, cells).map(formatMarkdown),
    ...(faults === '' ? [] : ['## Faults', `\`\`\`\n${faults}\n\`\`\``]),
  ].join('\n\n')
}

/** What went wrong, a line each; empty when nothing did. */
export function formatFaults(samples: readonly Sample[]): string {
  return samples
    .filter((sample) => !isFlawless(sample))
    .map(({ round, cell, subject, outcome }) => {
      const where = `FAULT ${cell} ${subject} round ${round}:`
      if (outcome.kind === 'failed') return `${where} ${outcome.message}`
      const { wrong, missing, lost, notes } = outcome.report.faults
      const counts = `${wrong} wrong, ${missing} missing, ${lost} connections lost`
      const messages = outcome.report.kind === 'traffic' ? `${outcome.report.messages} messages, ` : ''
      return [`${where} ${messages}${counts}`, ...notes].join('\n  ')
    })
    .join('\n')
}

function headerLines({ machine, pinning, generator, rounds, secs, warmUpSecs, leftOut }: Preamble): [string, string][] {
  return [
    ['date', machine.date],
    ['machine', `${machine.machine}, ${machine.cores} cores; ${describePinning(pinning)}`],
    ['generator', generator],
    ['node', machine.node],
    ...Object.entries(machine.versions),
    ['rounds', `${rounds} × ${secs} s, after ${warmUpSecs} s of warm-up`],
    ...leftOut.map((text): [string, string] => ['left out', text]),
  ]
}
