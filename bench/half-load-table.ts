import type { Cell } from './cell.ts'
import type { Summary } from './summary.ts'
import type { Table } from './table.ts'

/** Latency where a server has time; nothing when no cell of sessions was run. */
export function halfLoadTable(summaries: readonly Summary[], cells: readonly Cell[]): Table | undefined {
  const rows = cells.flatMap(({ name }) =>
    summaries.flatMap((summary) => {
      if (summary.cell !== name || summary.kind !== 'traffic' || summary.halfLoad === undefined) return []
      const { publicationsPerSec, p50Us, p99Us, p999Us } = summary.halfLoad
      return [[name, summary.subject, publicationsPerSec.toPrecision(3), ...[p50Us, p99Us, p999Us].map(toMs)]]
    }),
  )
  if (rows.length === 0) return undefined
  return {
    title: 'Latency at half load: half as many publications as each server delivered in the window before',
    heads: ['', 'subject', 'publications/s', 'p50 ms', 'p99 ms', 'p99.9 ms'],
    rows,
    notes: [],
  }
}

function toMs(us: number): string {
  return (us / 1000).toFixed(2)
}
