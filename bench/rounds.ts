import { buildProgram } from './build-program.ts'
import type { Cell } from './cell.ts'
import { type AbleSubject, type MeasureRequest, measure } from './measure.ts'
import { findBun, PEERS } from './peers.ts'
import type { Pinning } from './pinning.ts'
import { describeSecs, Progress } from './progress.ts'
import { cpuUsPerMessage, idleBytes, isFlawless, type Outcome, type Sample } from './result.ts'
import type { Subject } from './subject-table.ts'

const GENERATOR = new URL('./load-generator.ts', import.meta.url)
const WORKSPACE = new URL('../', import.meta.url)

/** What is run, how often and how long. */
export interface RoundsPlan {
  readonly cells: readonly Cell[]
  readonly subjects: readonly Subject[]
  readonly rounds: number
  readonly secs: number
  readonly warmUpSecs: number
  /** No round but the first is begun that would not be over within these seconds. */
  readonly budgetSecs: number
  readonly pinning: Pinning
}

/** What the rounds gave, and why there are fewer than planned. */
export interface RoundsResult {
  readonly samples: readonly Sample[]
  readonly endedEarly: string | undefined
}

/**
 * Runs all rounds, or as many as the budget and the signal allow. Within a round the subjects of a cell run right after
 * each other, in alternating order from round to round. A subject that fails costs its own samples only.
 */
export async function runRounds(
  plan: RoundsPlan,
  signal: AbortSignal,
  tell: (text: string) => void,
): Promise<RoundsResult> {
  const { pinning, warmUpSecs, secs, rounds } = plan
  const generatorFile = await buildProgram(GENERATOR, WORKSPACE)
  const runs = pair(plan.cells, await buildSubjects(plan.subjects))
  const progress = new Progress({ ...plan, runs: runs.map(({ cell }) => cell) })
  tell(`${runs.length} runs a round, ${rounds} rounds: about ${describeSecs(progress.plannedSecs)}\n`)
  const samples: Sample[] = []
  for (let round = 1; round <= rounds; round++) {
    if (progress.isBudgetSpent()) {
      return { samples, endedEarly: `round ${round} of ${rounds} would have taken it beyond ${plan.budgetSecs} s` }
    }
    for (const { cell, able } of inTurn(runs, round)) {
      const outcome = await attempt({ cell, able, generatorFile, pinning, warmUpSecs, secs })
      if (signal.aborted) return { samples, endedEarly: 'it was interrupted' }
      const sample: Sample = { round, cell: cell.name, subject: able.subject.name, outcome }
      samples.push(sample)
      progress.advance(cell)
      tell(`${progress.describe()}  round ${round}/${rounds}  ${sample.cell}  ${sample.subject}  ${describe(sample)}\n`)
    }
  }
  return { samples, endedEarly: undefined }
}

interface Run {
  readonly cell: Cell
  readonly able: AbleSubject
}

function pair(cells: readonly Cell[], able: readonly AbleSubject[]): Run[] {
  return cells.flatMap((cell) =>
    able.filter(({ subject }) => subject.workloads.includes(cell.workload)).map((one) => ({ cell, able: one })),
  )
}

/** The cells in their order; the subjects of each forwards in odd rounds, backwards in even ones. */
function inTurn(runs: readonly Run[], round: number): readonly Run[] {
  if (round % 2 === 1) return runs
  const cells = [...new Set(runs.map(({ cell }) => cell))]
  return cells.flatMap((cell) => runs.filter((run) => run.cell === cell).reverse())
}

async function buildSubjects(subjects: readonly Subject[]): Promise<AbleSubject[]> {
  const able: AbleSubject[] = []
  for (const subject of subjects) {
    const file = await buildProgram(subject.source, subject.home === 'peers' ? PEERS : WORKSPACE)
    able.push({ subject, file, command: subject.runtime === 'bun' ? (findBun() ?? 'bun') : process.execPath })
  }
  return able
}

async function attempt(request: MeasureRequest): Promise<Outcome> {
  try {
    return { kind: 'measured', report: await measure(request) }
  } catch (error) {
    return { kind: 'failed', message: error instanceof Error ? error.message : String(error) }
  }
}

function describe(sample: Sample): string {
  const { outcome } = sample
  if (outcome.kind === 'failed') return `FAILED: ${outcome.message}`
  if (!isFlawless(sample)) return `FAULT: ${outcome.report.faults.notes.join('; ') || 'messages are missing'}`
  return outcome.report.kind === 'memory'
    ? `${(idleBytes(outcome.report) / 1024).toFixed(1)} KB per idle connection`
    : `${cpuUsPerMessage(outcome.report).toPrecision(3)} CPU µs`
}
