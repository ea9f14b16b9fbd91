/** What an alarm needs of its host. */
export interface AlarmClock {
  readonly nowMs: () => number
  readonly after: (delayMs: number, run: () => void) => () => void
}

/** One timer for many deadlines. It may ring too early; whoever hears it looks whose time has come, and sets it anew. */
export class Alarm {
  readonly #clock: AlarmClock
  readonly #ring: (nowMs: number) => void
  #atMs = Number.POSITIVE_INFINITY
  #cancel: (() => void) | undefined

  constructor(clock: AlarmClock, ring: (nowMs: number) => void) {
    this.#clock = clock
    this.#ring = ring
  }

  /** Something is due then: what is put off later leaves the timer as it is. */
  set(atMs: number): void {
    if (atMs >= this.#atMs) return
    this.#cancel?.()
    this.#atMs = atMs
    this.#cancel = this.#clock.after(atMs - this.#clock.nowMs(), () => this.#rang())
  }

  /** Nothing is due any more. */
  off(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#atMs = Number.POSITIVE_INFINITY
  }

  #rang(): void {
    this.off()
    this.#ring(this.#clock.nowMs())
  }
}
