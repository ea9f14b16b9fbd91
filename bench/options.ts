import { parseArgs } from 'node:util'
import { CELLS, type Cell } from './cell-table.ts'
import { SUBJECTS, type Subject } from './subject-table.ts'

/** What a run of the benchmark does. */
export interface BenchOptions {
  readonly rounds: number
  readonly secs: number
  readonly warmUpSecs: number
  readonly cells: readonly Cell[]
  readonly subjects: readonly Subject[]
  /** File that receives every figure as JSON. */
  readonly json: string | undefined
}

const NORMAL = { rounds: 5, secs: 2, warmUpSecs: 0.5 } as const
const QUICK = { rounds: 3, secs: 1, warmUpSecs: 0.4 } as const

/** Text for `--help`. */
export const HELP = `Usage: npm run bench -- [options]

  --rounds N       rounds; each runs every subject once in every cell (default ${NORMAL.rounds})
  --secs S         measured seconds per run, after ${NORMAL.warmUpSecs} s of warm-up (default ${NORMAL.secs})
  --cell NAME      only this cell; may be repeated: ${CELLS.map((cell) => cell.name).join(', ')}
  --subject NAME   only this subject; may be repeated: ${SUBJECTS.map((subject) => subject.name).join(', ')}
  --json FILE      write every figure to FILE as well
  --quick          ${QUICK.rounds} rounds of ${QUICK.secs} s: the whole run in under two minutes
  --help           this text

Exit code: 0 all replies were right, 1 a reply was wrong or missing or a connection was lost, 2 wrong usage.
`

/** Reads the command line. `'help'` when help is asked for; throws an Error that names the mistake. */
export function parseOptions(args: readonly string[]): BenchOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string' },
      secs: { type: 'string' },
      cell: { type: 'string', multiple: true },
      subject: { type: 'string', multiple: true },
      json: { type: 'string' },
      quick: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) return 'help'
  const defaults = values.quick ? QUICK : NORMAL
  const rounds = parsePositive('rounds', values.rounds, defaults.rounds, 100)
  if (!Number.isInteger(rounds)) throw new Error('--rounds takes a whole number')
  return {
    rounds,
    secs: parsePositive('secs', values.secs, defaults.secs, 60),
    warmUpSecs: defaults.warmUpSecs,
    cells: pick('cell', CELLS, values.cell),
    subjects: pick('subject', SUBJECTS, values.subject),
    json: values.json,
  }
}

function parsePositive(name: string, text: string | undefined, byDefault: number, max: number): number {
  if (text === undefined) return byDefault
  const value = Number(text)
  if (!(value > 0 && value <= max)) throw new Error(`--${name} takes a number above 0 and up to ${max}, not "${text}"`)
  return value
}

function pick<T extends { readonly name: string }>(
  option: string,
  table: readonly T[],
  names: readonly string[] | undefined,
): readonly T[] {
  for (const name of names ?? []) {
    if (table.some((entry) => entry.name === name)) continue
    throw new Error(`--${option} takes one of ${table.map((entry) => entry.name).join(', ')}, not "${name}"`)
  }
  return table.filter((entry) => names?.includes(entry.name) ?? true)
}
