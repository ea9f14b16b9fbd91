import { LatencyHistogram } from './latency-histogram.ts'
import type { LoadFaults } from './load-spec.ts'

const MAX_NOTES = 5

/** What a run counts. Messages and latencies count only while `measuring`; arrivals and faults always. */
export class Meter {
  measuring = false
  /** Every message that came, warm-up included. */
  arrived = 0
  messages = 0
  readonly latency: LatencyHistogram = new LatencyHistogram()
  /** Messages that were not as expected. */
  wrong = 0
  /** Connections that failed. */
  lost = 0
  /** What was wrong, each kind once. */
  readonly notes: string[] = []

  countMessage(latencyMs: number): void {
    this.arrived++
    if (!this.measuring) return
    this.messages++
    this.latency.record(latencyMs)
  }

  /** Messages and latencies are counted from nothing again; faults stay. */
  restart(): void {
    this.messages = 0
    this.latency.clear()
  }

  countWrong(what: string): void {
    this.wrong++
    this.#note(`wrong: ${what}`)
  }

  countLost(what: string): void {
    this.lost++
    this.#note(`lost: ${what}`)
  }

  hasFaults(): boolean {
    return this.wrong > 0 || this.lost > 0
  }

  /** All that was wrong, when `inFlight` messages are still out. */
  faults(inFlight: number): LoadFaults {
    return { wrong: this.wrong, lost: this.lost, missing: this.hasFaults() ? 0 : inFlight, notes: this.notes }
  }

  #note(text: string): void {
    if (this.notes.length < MAX_NOTES && !this.notes.includes(text)) this.notes.push(text)
  }
}
