import { buildProgram } from './build-program.ts'
import type { Cell } from './cell.ts'
import { type AbleSubject, type MeasureRequest, measure } from './measure.ts'
import { findBun, PEERS } from './peers.ts'
import type { Pinning } from './pinning.ts'
import { describeRounds, describeSecs, Progress } from './progress.ts'
import { cpuUsPerMessage, idleBytes, isFlawless, type Outcome, type Sample } from './result.ts'
import { runsIn, type Subject } from './subject-table.ts'

const GENERATOR = new URL('./load-generator.ts', import.meta.url)
const WORKSPACE = new URL('../', import.meta.url)

/** What is run, how often and how long. */
export interface RoundsPlan {
  readonly cells: readonly Cell[]
  readonly subjects: readonly Subject[]
  readonly rounds: number
  readonly secs: number
  readonly warmUpSecs: number
  /** Behind the first round, no cell is begun that would not be over within these seconds. */
  readonly budgetSecs: number
  readonly pinning: Pinning
  /** The load generator in C, when it is to be used where it can be. */
  readonly nativeGeneratorFile: string | undefined
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
  const generators = { node: await buildProgram(GENERATOR, WORKSPACE), c: plan.nativeGeneratorFile }
  const groups = group(plan.cells, await buildSubjects(plan.subjects))
  const runs = groups.flatMap(({ cell, able }) => able.map(() => cell))
  const progress = new Progress({ ...plan, runs })
  tell(`${runs.length} runs a round, ${describeRounds(rounds)}: about ${describeSecs(progress.plannedSecs)}\n`)
  const samples: Sample[] = []
  for (let round = 1; round <= rounds; round++) {
    for (const { cell, able } of groups) {
      if (round > 1 && progress.isBeyondBudget(able.map(() => cell))) {
        return {
          samples,
          endedEarly: `round ${round} ended before ${cell.name}, which would end behind ${plan.budgetSecs} s`,
        }
      }
      for (const one of round % 2 === 1 ? able : able.toReversed()) {
        const outcome = await attempt({ cell, able: one, generators, pinning, warmUpSecs, secs })
        if (signal.aborted) return { samples, endedEarly: 'it was interrupted' }
        const sample: Sample = { round, cell: cell.name, subject: one.subject.name, outcome }
        samples.push(sample)
        progress.advance(cell)
        tell(
          `${progress.describe()}  round ${round}/${rounds}  ${cell.name}  ${one.subject.name}  ${describe(sample)}\n`,
        )
      }
    }
  }
  return { samples, endedEarly: undefined }
}

/** A cell, and who runs in it. */
interface Group {
  readonly cell: Cell
  readonly able: readonly AbleSubject[]
}

function group(cells: readonly Cell[], able: readonly AbleSubject[]): Group[] {
  return cells.map((cell) => ({
    cell,
    able: able.filter(({ subject }) => runsIn(subject, cell)),
  }))
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
  if (!isFlawless(sample)) {
    const { notes, missing } = outcome.report.faults
    return `FAULT: ${[...notes, ...(missing > 0 ? [`${missing} messages are missing`] : [])].join('; ') || 'nothing came'}`
  }
  return outcome.report.kind === 'memory'
    ? `${(idleBytes(outcome.report) / 1024).toFixed(1)} KB per idle connection`
    : `${cpuUsPerMessage(outcome.report).toPrecision(3)} CPU µs`
}
