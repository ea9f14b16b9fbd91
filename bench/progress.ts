import { type Cell, connectionsOf, isMemory } from './cell.ts'

// A run's seconds beside those that are measured: two processes start, connections open, the generator settles.
const START_SECS = 0.7
const CONNECTIONS_PER_SEC = 5000
const MEMORY_SECS = 3

/** What the seconds of a run depend on. */
export interface ProgressPlan {
  /** The cell of each run of a round. */
  readonly runs: readonly Cell[]
  readonly rounds: number
  readonly secs: number
  readonly warmUpSecs: number
  readonly budgetSecs: number
}

/** Knows how far a benchmark is and how long the rest will take, by what was planned and what it took so far. */
export class Progress {
  readonly #plan: ProgressPlan
  readonly #startMs = performance.now()
  #done = 0
  #doneSecs = 0

  constructor(plan: ProgressPlan) {
    this.#plan = plan
  }

  /** All of it, as planned. */
  get plannedSecs(): number {
    return this.#secsOf(this.#plan.runs) * this.#plan.rounds
  }

  /** One more run is over. */
  advance(cell: Cell): void {
    this.#done++
    this.#doneSecs += this.#runSecs(cell)
  }

  /** Whether these runs would end behind the budget. */
  isBeyondBudget(runs: readonly Cell[]): boolean {
    return this.#elapsedSecs() + this.#secsOf(runs) * this.#slowness() > this.#plan.budgetSecs
  }

  /** How far it is, in words: `[12/340, 6 min left]`. */
  describe(): string {
    const { runs, rounds } = this.#plan
    const left = (this.plannedSecs - this.#doneSecs) * this.#slowness()
    const all = runs.length * rounds
    return `[${String(this.#done).padStart(String(all).length)}/${all}, ${describeSecs(left)} left]`
  }

  #slowness(): number {
    return this.#doneSecs === 0 ? 1 : this.#elapsedSecs() / this.#doneSecs
  }

  #elapsedSecs(): number {
    return (performance.now() - this.#startMs) / 1000
  }

  #secsOf(runs: readonly Cell[]): number {
    return runs.reduce((sum, cell) => sum + this.#runSecs(cell), 0)
  }

  #runSecs(cell: Cell): number {
    const { warmUpSecs, secs } = this.#plan
    // Cells of sessions have a second window, at half load.
    const measured = isMemory(cell) ? MEMORY_SECS : warmUpSecs + secs * (cell.workload === 'sessions' ? 2 : 1)
    return START_SECS + connectionsOf(cell) / CONNECTIONS_PER_SEC + measured
  }
}

/** A count of rounds in words. */
export function describeRounds(rounds: number): string {
  return rounds === 1 ? '1 round' : `${rounds} rounds`
}

/** A duration in words. */
export function describeSecs(secs: number): string {
  return secs < 90 ? `${Math.round(secs)} s` : `${Math.round(secs / 60)} min`
}
