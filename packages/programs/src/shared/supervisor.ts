import type { ResolvedKillLadder } from '../process/kill-ladder.ts'
import type { ProcessTable } from '../process/process-table.ts'
import { type ProgramEnd, type ProgramSpec, type RunningProgram, startProgram } from '../process/running-program.ts'
import { type RestartOptions, type RestartPolicy, restartDelay, restarts } from './restart-policy.ts'

/** What a supervisor tells. */
export interface SupervisorListener {
  /** It runs, for the first time or again. */
  started(program: RunningProgram): void
  /** It has ended, and all of its output was read; it is started again in so many milliseconds, or not at all. */
  ended(end: ProgramEnd, restartInMs: number | undefined): void
  /** It could not be started; it is tried again in so many milliseconds, or not at all. */
  failed(error: Error, restartInMs: number | undefined): void
}

type State =
  | { readonly type: 'starting' }
  | { readonly type: 'running'; readonly program: RunningProgram; readonly sinceMs: number }
  | { readonly type: 'waiting'; readonly timer: NodeJS.Timeout }
  | { readonly type: 'over' }

/** Keeps one program running, as its policy says. */
export class Supervisor {
  readonly #spec: ProgramSpec
  readonly #ladder: ResolvedKillLadder
  readonly #table: ProcessTable
  readonly #policy: RestartPolicy
  readonly #options: RestartOptions
  readonly #listener: SupervisorListener
  #state: State = { type: 'starting' }
  /** How often in a row it has ended soon. */
  #failures = 0

  constructor(
    spec: ProgramSpec,
    table: ProcessTable,
    options: RestartOptions & { readonly restart: RestartPolicy; readonly killLadder: ResolvedKillLadder },
    listener: SupervisorListener,
  ) {
    this.#spec = spec
    this.#ladder = options.killLadder
    this.#table = table
    this.#policy = options.restart
    this.#options = options
    this.#listener = listener
  }

  /** The program, while it runs. */
  get program(): RunningProgram | undefined {
    return this.#state.type === 'running' ? this.#state.program : undefined
  }

  /** Starts it. Rejects as `startProgram` does when that fails this first time: then it is a mistake, and not tried again. */
  async start(): Promise<void> {
    try {
      await this.#run()
    } catch (error) {
      this.#state = { type: 'over' }
      throw error
    }
  }

  /** Starts it no more. The table ends it. */
  close(): void {
    if (this.#state.type === 'waiting') clearTimeout(this.#state.timer)
    this.#state = { type: 'over' }
  }

  async #run(): Promise<void> {
    const program = await this.#table.start(() => startProgram(this.#spec, this.#ladder))
    if (this.#isOver) return
    this.#state = { type: 'running', program, sinceMs: performance.now() }
    const output = new Promise<void>((resolve) => program.stdout.once('close', resolve))
    this.#listener.started(program)
    void Promise.all([program.ended, output]).then(([end]) => this.#ended(end))
  }

  get #isOver(): boolean {
    return this.#state.type === 'over'
  }

  #ended(end: ProgramEnd): void {
    if (this.#state.type !== 'running') return
    const ranMs = performance.now() - this.#state.sinceMs
    this.#failures = ranMs < this.#options.maxRestartDelayMs ? this.#failures + 1 : 1
    this.#listener.ended(end, this.#planRestart(restarts(this.#policy, end)))
  }

  #planRestart(isWanted: boolean): number | undefined {
    if (!isWanted) {
      this.#state = { type: 'over' }
      return undefined
    }
    const delayMs = restartDelay(this.#failures, this.#options)
    this.#state = { type: 'waiting', timer: setTimeout(() => this.#again(), delayMs) }
    return delayMs
  }

  #again(): void {
    this.#run().catch((error: Error) => {
      if (this.#isOver) return
      this.#failures++
      this.#listener.failed(error, this.#planRestart(true))
    })
  }
}
