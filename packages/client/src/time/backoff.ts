/** How long to wait between attempts. */
interface BackoffOptions {
  /** Shortest wait, in milliseconds. Default 500. */
  readonly minDelayMs?: number
  /** Longest wait, in milliseconds. Default 20,000. */
  readonly maxDelayMs?: number
}

/** With every default filled in. */
export type ResolvedBackoff = Required<BackoffOptions>

const MAX_STEP = 31

/**
 * The wait before the next attempt, behind `failures` that failed, in milliseconds: anything from the shortest wait to a
 * ceiling that doubles with each failure. The ceiling is cut before the wait is drawn, so that a fleet which has been away for
 * long is spread over all of it; cut afterwards, it would come back in one moment.
 */
export function backoffDelay({ minDelayMs, maxDelayMs }: ResolvedBackoff, failures: number, random: number): number {
  const ceiling = Math.min(maxDelayMs, minDelayMs * 2 ** Math.min(failures + 1, MAX_STEP))
  return minDelayMs + random * Math.max(0, ceiling - minDelayMs)
}
