import type { Row } from './column-reader.ts'

/** Most points that are kept; above it the oldest go. */
export const MAX_POINTS = 20_000
/** Most columns that are kept; those that come later are counted. */
export const MAX_SERIES = 120

/** Values of many columns over time: for each moment one value of each, or none. */
export class SeriesTable {
  /** Seconds since 1970, rising. */
  times: number[] = []
  readonly series: Map<string, (number | null)[]> = new Map()
  #left = new Set<string>()

  /** Columns that were too many. */
  get leftOut(): number {
    return this.#left.size
  }

  /** Adds what a line said; `nowMs` is when it was said, unless it says so itself. A time before the last is taken for the last. */
  add({ timeMs, values }: Row, nowMs: number): void {
    const time = Math.max((timeMs ?? nowMs) / 1000, this.times.at(-1) ?? 0)
    // Lines of one moment are one point, as long as none says another's value again.
    const isSame =
      time === this.times.at(-1) && [...values.keys()].every((name) => this.series.get(name)?.at(-1) == null)
    if (!isSame) this.#append(time)
    for (const [name, value] of values) this.#set(name, value)
    if (this.times.length > MAX_POINTS) this.#forget(MAX_POINTS / 10)
  }

  /** Forgets all values. */
  clear(): void {
    this.times = []
    this.series.clear()
    this.#left.clear()
  }

  #append(time: number): void {
    this.times.push(time)
    for (const values of this.series.values()) values.push(null)
  }

  #set(name: string, value: number): void {
    let values = this.series.get(name)
    if (values === undefined) {
      if (this.series.size >= MAX_SERIES) {
        if (this.#left.size < 10_000) this.#left.add(name)
        return
      }
      values = Array.from<null>({ length: this.times.length }).fill(null)
      this.series.set(name, values)
    }
    values[values.length - 1] = value
  }

  #forget(count: number): void {
    this.times.splice(0, count)
    for (const values of this.series.values()) values.splice(0, count)
  }
}
