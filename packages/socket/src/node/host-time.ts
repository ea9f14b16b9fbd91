import { performance } from 'node:perf_hooks'
import { clearInterval, setImmediate, setInterval } from 'node:timers'

// Taken when this is loaded, and not looked up again: fake timers that a test puts in the place of Node's (Jest, Vitest,
// Sinon) stand for the program's, while the network, and what it is waiting for, goes on in real time.

/** Calls back behind what is running now, as Node's `process.nextTick` does. */
export const nextTick: typeof process.nextTick = process.nextTick
/** Calls back at the end of this turn of the event loop, as Node's `setImmediate` does. */
export const atEndOfTurn: (run: () => void) => unknown = setImmediate

/** A clock and its alarms. */
export interface HostTime {
  /** Milliseconds of a monotonic clock. */
  nowMs(): number
  every(intervalMs: number, run: () => void): NodeJS.Timeout
  stop(timer: NodeJS.Timeout | undefined): void
  atEndOfTurn(run: () => void): unknown
}

/** Those of Node. */
export const hostTime: HostTime = {
  nowMs: performance.now.bind(performance),
  every: (intervalMs, run) => setInterval(run, intervalMs),
  stop: clearInterval,
  atEndOfTurn,
}
