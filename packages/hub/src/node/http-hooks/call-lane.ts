/** Lets so many calls run at one time; the others wait in their order. */
export class CallLane {
  readonly #width: number
  /** Each begins a call that waits. */
  readonly #waiting = new Set<() => void>()
  #running = 0

  /** `width` is how many run at one time. */
  constructor(width: number) {
    this.#width = width
  }

  /** Calls that run. */
  get running(): number {
    return this.#running
  }

  /** Resolves when it is the call's turn, which `leave` ends. Rejects with the signal's reason when that comes first. */
  async enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#running >= this.#width) await this.#wait(signal)
    else this.#running++
  }

  /** A call that had its turn is over. */
  leave(): void {
    const [next] = this.#waiting
    // Its place goes to the next one, so that nobody comes in between.
    if (next === undefined) this.#running--
    else next()
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const gone = (): void => {
        this.#waiting.delete(begin)
        signal.removeEventListener('abort', aborted)
      }
      const aborted = (): void => {
        gone()
        reject(signal.reason)
      }
      const begin = (): void => {
        gone()
        resolve()
      }
      this.#waiting.add(begin)
      signal.addEventListener('abort', aborted)
    })
  }
}
