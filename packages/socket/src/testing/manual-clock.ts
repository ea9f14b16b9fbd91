/** Time that passes only when a test says so. */
export class ManualClock {
  /** Milliseconds since the clock was made. */
  nowMs = 0

  /** Lets time pass. */
  advance(milliseconds: number): number {
    this.nowMs += milliseconds
    return this.nowMs
  }
}
