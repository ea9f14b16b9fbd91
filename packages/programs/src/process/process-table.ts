import { ProgramsError } from '../programs-error.ts'

/** Something that runs and can be brought to its end: a program, or a terminal with one. */
export interface TableEntry {
  /** Resolves when nothing of it is left. */
  readonly gone: Promise<void>
  /** Brings it to its end in its own time; resolves when nothing of it is left. */
  end(): Promise<void>
  /** Ends it at once. */
  kill(): void
}

/** What must not outlive this process. One hook for all. */
const running = new Set<TableEntry>()
let isHooked = false

/** The programs of one server: how many may run, and that none is left running. */
export class ProcessTable {
  readonly #maxProcesses: number
  readonly #entries = new Set<TableEntry>()
  #starting = 0
  #closed = false

  /** `maxProcesses` 0 sets no limit. */
  constructor(maxProcesses: number) {
    this.#maxProcesses = maxProcesses
  }

  /** Those that run, and those that are being started. */
  get size(): number {
    return this.#entries.size + this.#starting
  }

  /** Whether as many run as may. */
  get isFull(): boolean {
    return this.#maxProcesses > 0 && this.size >= this.#maxProcesses
  }

  /**
   * Starts one more and keeps it until it is gone. Rejects with `ProgramsError` `ERR_PROGRAM_LIMIT` when as many run as may, or
   * `ERR_PROGRAM_CLOSED`; otherwise as `start` does.
   */
  async start<Entry extends TableEntry>(start: () => Promise<Entry>): Promise<Entry> {
    if (this.#closed) throw new ProgramsError('ERR_PROGRAM_CLOSED', 'The server is shutting down.')
    if (this.isFull) {
      throw new ProgramsError(
        'ERR_PROGRAM_LIMIT',
        `${this.#maxProcesses} programs run already. Try again later, or raise maxProcesses (--max-processes).`,
      )
    }
    this.#starting++
    try {
      const entry = await start()
      this.#keep(entry)
      // Who closed the table meanwhile did not know of it.
      if (this.#closed) await entry.end()
      return entry
    } finally {
      this.#starting--
    }
  }

  /** Starts nothing more and ends all; resolves when none is left. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#entries].map((entry) => entry.end()))
  }

  #keep(entry: TableEntry): void {
    this.#entries.add(entry)
    running.add(entry)
    if (!isHooked) {
      isHooked = true
      process.once('exit', () => {
        for (const left of running) left.kill()
      })
    }
    const forget = (): void => {
      this.#entries.delete(entry)
      running.delete(entry)
    }
    entry.gone.then(forget, forget)
  }
}
