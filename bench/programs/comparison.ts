import { median } from '../statistics.ts'
import type { Table } from '../table.ts'

/** Somebody who does the work of a comparison. */
export interface Contestant {
  readonly name: string
  /** Whether it is installed. */
  readonly isThere: boolean
  /** Does it once; resolves with how much of it was done in a second of its CPU time. */
  measure(): Promise<number>
}

/** One kind of work, done by ours and by others. */
export interface Comparison {
  readonly what: string
  /** What the figures count, as in `MiB`. */
  readonly unit: string
  /** By what they are divided before they are shown. */
  readonly scale: number
  readonly ours: Contestant
  readonly others: readonly Contestant[]
}

/** Has everybody do the work in turns; returns the rows of the table. */
export async function compare(comparison: Comparison, rounds: number): Promise<readonly (readonly string[])[]> {
  const { what, unit, scale, ours, others } = comparison
  const present = others.filter(({ isThere }) => isThere)
  const figures = new Map<Contestant, number[]>([ours, ...present].map((contestant) => [contestant, []]))
  for (let round = 0; round < rounds; round++) {
    for (const [contestant, measured] of figures) measured.push(await contestant.measure())
  }
  const own = figures.get(ours) ?? []
  const shown = (values: readonly number[]): string => `${Math.round(median(values) / scale)} ${unit}`
  if (others.length === 0 || present.length === 0) return [[what, shown(own), '–', 'not installed', '–']]
  return present.map((other) => {
    const theirs = figures.get(other) ?? []
    // Rounds are beside each other in time, and what the machine does meanwhile is the same for both.
    const ratios = own.map((figure, round) => figure / (theirs[round] ?? Number.NaN))
    const spread = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`
    return [what, shown(own), other.name, shown(theirs), `${median(ratios).toFixed(2)} (${spread})`]
  })
}

/** The table of several. */
export function comparisonTable(rows: readonly (readonly string[])[], rounds: number): Table {
  return {
    title: `In a second of the server's CPU time, median of ${rounds} rounds in turns`,
    heads: ['', 'Wigwag', 'beside', 'it', 'ratio'],
    rows,
    notes: [
      'Ratios of rounds beside each other: above 1 Wigwag does more in the same CPU time. Lowest and highest in brackets.',
    ],
  }
}
