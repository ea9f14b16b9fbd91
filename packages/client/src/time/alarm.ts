import { NEVER } from './never.ts'

/** What an alarm needs of its host. */
export interface AlarmClock {
  readonly nowMs: () => number
  readonly after: (delayMs: number, run: () => void) => () => void
}

/**
 * Has `ring` called when something is due: the function that it returns is told when that is; Infinity: not at all. What is put off
 * leaves the timer as it is, so that it may ring too early: whoever hears it looks whose time has come, and sets it anew.
 */
export function createAlarm({ nowMs, after }: AlarmClock, ring: (nowMs: number) => void): (atMs: number) => void {
  let dueMs = NEVER
  let cancel = (): void => {}
  return (atMs) => {
    if (atMs >= dueMs && atMs < NEVER) return
    cancel()
    dueMs = atMs
    if (atMs === NEVER) return
    cancel = after(atMs - nowMs(), () => {
      dueMs = NEVER
      ring(nowMs())
    })
  }
}
