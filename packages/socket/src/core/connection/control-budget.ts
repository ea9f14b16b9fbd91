/** Counts control frames per second, so that a flood of pings cannot keep us busy answering. */
export class ControlBudget {
  readonly #maxPerSecond: number
  #secondStartMs = -Infinity
  #count = 0

  constructor(maxPerSecond: number) {
    this.#maxPerSecond = maxPerSecond
  }

  /** Takes one frame at `nowMs`; `false` when it is one too many. */
  take(nowMs: number): boolean {
    if (nowMs - this.#secondStartMs >= 1000) {
      this.#secondStartMs = nowMs
      this.#count = 0
    }
    return ++this.#count <= this.#maxPerSecond
  }
}
