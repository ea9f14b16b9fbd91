/** What a process holds, and what it may hold. */
export interface MemoryUse {
  /** Bytes that are in memory for it (resident). */
  readonly residentBytes: number
  /** How many there may be: what the machine has, or the process's control group allows. */
  readonly availableBytes: number
  /** Bytes of objects. */
  readonly heapBytes: number
  /** At which the process would end. */
  readonly heapLimitBytes: number
}

/** `'short'`: nobody new. `'critical'`: some of what is there has to go. */
export type MemoryState = 'ample' | 'short' | 'critical'

/** Shares of what there may be, from which on memory is short, and critical. */
const SHORT = 0.8
const CRITICAL = 0.9

/** Whether a process has room for more. Asked once for all sessions, every now and then. */
export class MemoryBudget {
  readonly #maxBytes: number
  readonly #use: () => MemoryUse
  #state: MemoryState = 'ample'

  /** `maxBytes` (resident): 0 for four fifths of what there may be. */
  constructor(maxBytes: number, use: () => MemoryUse) {
    this.#maxBytes = maxBytes
    this.#use = use
  }

  /** As of the last `measure`. */
  get state(): MemoryState {
    return this.#state
  }

  /** Looks how things stand. Returns how many bytes have to go: 0 unless it is critical. */
  measure(): number {
    const { residentBytes, availableBytes, heapBytes, heapLimitBytes } = this.#use()
    const ceilingBytes = this.#maxBytes === 0 ? availableBytes : this.#maxBytes / SHORT
    const share = Math.max(residentBytes / ceilingBytes, heapBytes / heapLimitBytes)
    this.#state = share >= CRITICAL ? 'critical' : share >= SHORT ? 'short' : 'ample'
    if (this.#state !== 'critical') return 0
    return Math.ceil(Math.max(residentBytes - SHORT * ceilingBytes, heapBytes - SHORT * heapLimitBytes))
  }
}
