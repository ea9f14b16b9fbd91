import type { Environment } from './environment.ts'
import { hostEnvironment } from './host-environment.ts'

/** The same as of any host, and what a page or a worker knows of device and network. Node does not know of its network. */
export function pageEnvironment(): Environment {
  return { ...hostEnvironment(), watch }
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
