import { parseArgs } from 'node:util'
import type { Cell } from './cell.ts'
import { CELLS, QUICK_CELLS } from './cell-table.ts'
import { pickByName } from './name-pattern.ts'
import { QUICK_COMPRESSING, QUICK_SUBJECTS, SUBJECTS, type Subject } from './subject-table.ts'

/** What a run of the benchmark does. */
export interface BenchOptions {
  readonly rounds: number
  readonly secs: number
  readonly warmUpSecs: number
  /** Behind the first round, no cell is begun that would not be over within these seconds. */
  readonly budgetSecs: number
  readonly cells: readonly Cell[]
  readonly subjects: readonly Subject[]
  /** Which load generator: `'best'` is the one in C where there is a compiler and it can do the cell. */
  readonly generator: 'best' | 'c' | 'node'
  /** File that receives every figure as JSON. */
  readonly json: string | undefined
  /** Whether JSON and a table in Markdown go to `results/`. */
  readonly save: boolean
}

const NORMAL = { rounds: 5, secs: 2, warmUpSecs: 0.5, budgetSecs: Number.POSITIVE_INFINITY } as const
const QUICK = { rounds: 2, secs: 0.8, warmUpSecs: 0.3, budgetSecs: 110 } as const

/** Text for `--help`. */
export const HELP = `Usage: npm run bench -- [options]

  --rounds N         rounds; each runs every subject once in every cell (default ${NORMAL.rounds})
  --secs S           measured seconds per run, after ${NORMAL.warmUpSecs} s of warm-up (default ${NORMAL.secs})
  --cell PATTERN     only these cells: a name, the beginning of names, or with * and ?; may be repeated
  --subject PATTERN  only these subjects, likewise
  --quick            under two minutes: ${QUICK.rounds} rounds of ${QUICK.secs} s of ${QUICK_SUBJECTS.join(', ')} in ${QUICK_CELLS.length} of the ${CELLS.length} cells,
                     unless others are named
  --generator NAME   node: the load generator in TypeScript in every cell; c: the one in C or none at all (default: the
                     one in C in the cells that it can do, where there is a C compiler)
  --save             write every figure to bench/results/, as JSON and as a table in Markdown
  --json FILE        write every figure to FILE
  --list             name the cells and the subjects
  --help             this text

Ctrl-C ends the run early; what was measured is still printed and saved.
Exit code: 0 all replies were right, 1 a reply was wrong or missing, a connection was lost or a subject failed,
2 wrong usage, 130 interrupted.
`

/** Reads the command line. `'help'` or `'list'` when that is asked for; throws an Error that names the mistake. */
export function parseOptions(args: readonly string[]): BenchOptions | 'help' | 'list' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string' },
      secs: { type: 'string' },
      cell: { type: 'string', multiple: true },
      subject: { type: 'string', multiple: true },
      generator: { type: 'string' },
      json: { type: 'string' },
      save: { type: 'boolean' },
      quick: { type: 'boolean' },
      list: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) return 'help'
  if (values.list) return 'list'
  const defaults = values.quick ? QUICK : NORMAL
  const rounds = parsePositive('rounds', values.rounds, defaults.rounds, 100)
  if (!Number.isInteger(rounds)) throw new Error('--rounds takes a whole number')
  return {
    rounds,
    secs: parsePositive('secs', values.secs, defaults.secs, 60),
    warmUpSecs: defaults.warmUpSecs,
    budgetSecs: defaults.budgetSecs,
    cells: pickByName('cell', CELLS, values.cell ?? (values.quick ? QUICK_CELLS : undefined)),
    subjects: pickByName(
      'subject',
      SUBJECTS,
      values.subject ?? (values.quick ? [...QUICK_SUBJECTS, ...QUICK_COMPRESSING] : undefined),
    ),
    generator: parseGenerator(values.generator),
    json: values.json,
    save: values.save ?? false,
  }
}

function parseGenerator(text: string | undefined): BenchOptions['generator'] {
  if (text === undefined) return 'best'
  if (text === 'c' || text === 'node') return text
  throw new Error(`--generator takes c or node, not "${text}"`)
}

function parsePositive(name: string, text: string | undefined, byDefault: number, max: number): number {
  if (text === undefined) return byDefault
  const value = Number(text)
  if (!(value > 0 && value <= max)) throw new Error(`--${name} takes a number above 0 and up to ${max}, not "${text}"`)
  return value
}
