import { Departures } from './departures.ts'
import type { ResolvedDrainOptions } from './drain-options.ts'
import type { Drainable } from './drainable.ts'

/** How often clients leave, in milliseconds: those of one such while together. */
const TICK_MS = 25

/** What the host lends a drain. */
export interface DrainPorts {
  /** Milliseconds of a clock that nobody sets. */
  readonly elapsedMs: () => number
  /** Calls `run` every `intervalMs` until the function that it returns is called. */
  readonly every: (intervalMs: number, run: () => void) => () => void
}

/**
 * Has all clients leave, one after the other, and waits for them. Resolves when nobody is left, which is `graceMs` behind
 * the last one at the latest.
 */
export async function drain(
  parts: readonly Drainable[],
  { overMs, graceMs }: ResolvedDrainOptions,
  maxPerSecond: number,
  { elapsedMs, every }: DrainPorts,
): Promise<void> {
  const beganMs = elapsedMs()
  const departures = new Departures(parts, { overMs, maxPerSecond })
  await new Promise<void>((resolve) => {
    let dropAtMs = Number.POSITIVE_INFINITY
    const stop = every(TICK_MS, () => step())
    const done = (): void => {
      stop()
      resolve()
    }
    const step = (): void => {
      const sinceMs = elapsedMs() - beganMs
      departures.leave(sinceMs)
      if (departures.remaining > 0) return
      if (dropAtMs === Number.POSITIVE_INFINITY) {
        dropAtMs = sinceMs + graceMs
        Promise.all(parts.map((part) => part.emptied())).then(done, done)
      } else if (sinceMs >= dropAtMs) {
        for (const part of parts) part.terminate()
        done()
      }
    }
    step()
  })
}
