import { type CallOptions, cancellable } from './cancellable.ts'
import type { ClientError } from './error/client-error.ts'

/**
 * Resolves when `look` says `'ready'`, and rejects when it has an error: it is asked now, and whenever something changes. `listen` has
 * `changed` called then, and returns what ends that. Rejects as `AbortSignal.timeout` does after `timeoutMs`.
 */
export function ready(
  { signal, timeoutMs }: CallOptions,
  look: () => ClientError | 'ready' | undefined,
  listen: (changed: () => void) => () => void,
): Promise<void> {
  const timeout = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs)
  return cancellable(signal && timeout ? AbortSignal.any([signal, timeout]) : (signal ?? timeout), (settle) => {
    const changed = (): void => {
      const outcome = look()
      if (outcome === undefined) return
      off()
      settle(outcome === 'ready' ? undefined : outcome)
    }
    const off = listen(changed)
    changed()
    return off
  })
}
