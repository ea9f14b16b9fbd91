/** The locks of this browser; undefined where there are none (no secure context). */
export function browserLocks(): LockManager | undefined {
  return globalThis.navigator?.locks as LockManager | undefined
}

/**
 * Takes a lock that nobody else takes, and has it until the page is gone, however it goes. `run` is called when it has it, or at once
 * where there are no locks. Returns what lets go of it.
 */
export function holdLock(name: string, run: () => void): () => void {
  let letGo = (): void => {}
  const held = new Promise<void>((resolve) => {
    letGo = resolve
  })
  const locks = browserLocks()
  let hasRun = false
  const runOnce = (): void => {
    if (!hasRun) run()
    hasRun = true
  }
  if (locks === undefined) runOnce()
  else {
    locks
      .request(name, () => {
        runOnce()
        return held
      })
      // This page may have none, or is on its way out.
      .catch(runOnce)
  }
  return letGo
}

/** Calls `run` when whoever holds a lock is gone. Returns what ends that. */
export function whenLetGo(name: string, run: () => void): () => void {
  const watching = new AbortController()
  browserLocks()
    ?.request(name, { signal: watching.signal }, run)
    .catch(() => {})
  return () => watching.abort()
}
