const STEPS = 64
const UNITS_PER_MS = 10_000

/** Latencies in 64 linear steps per power of two, so a quantile is exact to 1.6 %. Unit: 0.1 µs. */
export class LatencyHistogram {
  readonly #counts = new Uint32Array(STEPS * 32)
  #total = 0

  record(latencyMs: number): void {
    const units = (latencyMs * UNITS_PER_MS) | 0
    const doublings = units < STEPS ? 0 : 26 - Math.clz32(units)
    const slot = doublings * STEPS + (doublings === 0 ? units : (units >> (doublings - 1)) - STEPS)
    this.#counts[slot] = (this.#counts[slot] ?? 0) + 1
    this.#total++
  }

  /** Forgets what was recorded. */
  clear(): void {
    this.#counts.fill(0)
    this.#total = 0
  }

  /** The latency in µs below which this share of the messages lies; 0 when there are none. */
  quantileUs(share: number): number {
    let left = Math.floor(share * this.#total)
    for (let slot = 0; slot < this.#counts.length; slot++) {
      left -= this.#counts[slot] ?? 0
      if (left < 0) return slotUnits(slot) / 10
    }
    return 0
  }
}

function slotUnits(slot: number): number {
  const doublings = Math.floor(slot / STEPS)
  return doublings === 0 ? slot : (STEPS + (slot % STEPS)) * 2 ** (doublings - 1)
}
