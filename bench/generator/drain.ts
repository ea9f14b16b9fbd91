import { setTimeout as sleep } from 'node:timers/promises'
import type { Load } from './load.ts'
import type { Meter } from './meter.ts'

const POLL_MS = 5

/** Waits for what is in flight, for `secs` at most, unless the run is spoilt already. Returns what has not come. */
export async function drain(load: Load, meter: Meter, secs: number): Promise<number> {
  const deadlineMs = performance.now() + secs * 1000
  while (load.inFlight() > 0 && !meter.hasFaults() && performance.now() < deadlineMs) await sleep(POLL_MS)
  return load.inFlight()
}
