import type { Environment } from './environment.ts'

/** Longest that a timer can wait, in milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** What a browser or Node lends. Node does not know of its network. */
export function hostEnvironment(): Environment {
  return {
    nowMs: createClock(() => Date.now()),
    after: (delayMs, run) => {
      let timer: ReturnType<typeof setTimeout>
      const wait = (restMs: number): void => {
        timer = setTimeout(
          () => (restMs > MAX_TIMER_MS ? wait(restMs - MAX_TIMER_MS) : run()),
          Math.min(Math.max(0, restMs), MAX_TIMER_MS),
        )
      }
      wait(delayMs)
      return () => clearTimeout(timer)
    },
    random: () => Math.random(),
    watch,
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

function watch(tell: (what: 'woke' | 'offline') => void): () => void {
  const { addEventListener, document } = globalThis as Partial<typeof globalThis>
  if (addEventListener === undefined) return () => {}
  const watching = new AbortController()
  const { signal } = watching
  const woke = (): void => tell('woke')
  addEventListener('online', woke, { signal })
  addEventListener('offline', () => tell('offline'), { signal })
  addEventListener('pageshow', woke, { signal })
  // Workers have none.
  document?.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && woke(), { signal })
  return () => watching.abort()
}
