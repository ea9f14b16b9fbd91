import type { ProgramEnd } from '../process/running-program.ts'

/** When a program that has ended is started again: never, unless its exit status was 0, or always. */
export type RestartPolicy = 'never' | 'on-failure' | 'always'

/** How soon. */
export interface RestartOptions {
  /** How long after the first end, in milliseconds; twice as long after each that follows soon. */
  readonly restartDelayMs: number
  /** The longest, in milliseconds. Who has run for longer than that begins anew. */
  readonly maxRestartDelayMs: number
}

/** Whether a program that ended like this is started again. */
export function restarts(policy: RestartPolicy, end: ProgramEnd): boolean {
  if (policy === 'on-failure') return end.by === 'signal' || end.status !== 0
  return policy === 'always'
}

/** How long to wait after so many ends in a row, from 1 on. */
export function restartDelay(ends: number, { restartDelayMs, maxRestartDelayMs }: RestartOptions): number {
  return Math.min(maxRestartDelayMs, restartDelayMs * 2 ** Math.min(ends - 1, 30))
}
