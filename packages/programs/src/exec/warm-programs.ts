import type { RunningProgram } from '../process/running-program.ts'

/** How long after a program that ended unused, or could not be started, the next is tried, in milliseconds; doubled each time. */
const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 30_000

/** Programs that were started before anybody came, each for one client. One that is taken, or ends, is replaced. */
export class WarmPrograms {
  readonly #count: number
  readonly #start: () => Promise<RunningProgram>
  readonly #ready = new Set<RunningProgram>()
  #starting = 0
  #failures = 0
  #timer: NodeJS.Timeout | undefined
  #closed = false

  /** `start` starts one. */
  constructor(count: number, start: () => Promise<RunningProgram>) {
    this.#count = count
    this.#start = start
  }

  /** Starts all. Rejects as `start` does when the first cannot be started: then it is a mistake. */
  async fill(): Promise<void> {
    if (this.#count > 0) await this.#add()
    this.#refill()
  }

  /** One that waits, if any does. It is the caller's. */
  take(): RunningProgram | undefined {
    for (const program of this.#ready) {
      this.#ready.delete(program)
      this.#failures = 0
      this.#refill()
      return program
    }
    return undefined
  }

  /** Starts no more. Those that wait are their table's to end. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  #refill(): void {
    while (!this.#closed && this.#timer === undefined && this.#ready.size + this.#starting < this.#count) {
      this.#add().catch(() => this.#later())
    }
  }

  async #add(): Promise<void> {
    this.#starting++
    try {
      const program = await this.#start()
      this.#ready.add(program)
      void program.ended.then(() => {
        if (!this.#ready.delete(program)) return
        // Nobody will read what it said, and unread it keeps its descriptors.
        for (const stream of [program.stdout, program.stderr]) stream.resume()
        this.#later()
      })
    } finally {
      this.#starting--
    }
  }

  /** Not at once: a program that always ends at once would be started without end. */
  #later(): void {
    if (this.#closed || this.#timer !== undefined) return
    const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures++)
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#refill()
    }, waitMs)
  }
}
