import type { Environment } from './environment.ts'

/** Longest that a timer can wait, in milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** What every host lends: time and chance. */
export function hostEnvironment(): Environment {
  return {
    nowMs: createClock(() => Date.now()),
    after: (delayMs, run) => {
      const timer = setTimeout(run, Math.min(Math.max(0, delayMs), MAX_TIMER_MS))
      return () => clearTimeout(timer)
    },
    random: () => Math.random(),
    report: (error) => {
      // As an uncaught error of the page or the process.
      queueMicrotask(() => {
        throw error
      })
    },
  }
}

/** A clock that takes the steps of `wallMs` forward, as over a sleep, and none back. */
export function createClock(wallMs: () => number): () => number {
  let lastMs = wallMs()
  let elapsedMs = 0
  return () => {
    const nowMs = wallMs()
    elapsedMs += Math.max(0, nowMs - lastMs)
    lastMs = nowMs
    return elapsedMs
  }
}
