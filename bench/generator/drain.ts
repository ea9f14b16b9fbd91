import { setTimeout as sleep } from 'node:timers/promises'
import type { Load } from './load.ts'
import type { Meter } from './meter.ts'

const DRAIN_MS = 5000
const POLL_MS = 5

/** Waits for what is in flight, for 5 s at most. Returns how many messages have not come. */
export async function drain(load: Load, meter: Meter): Promise<number> {
  const deadlineMs = performance.now() + DRAIN_MS
  while (load.inFlight() > 0 && meter.lost === 0 && performance.now() < deadlineMs) await sleep(POLL_MS)
  return load.inFlight()
}
