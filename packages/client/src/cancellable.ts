import type { ClientError } from './error/client-error.ts'

/** What a call of the application may be given. */
export interface CallOptions {
  /** Ends the call: it rejects with the signal's reason. What was sent is not taken back. */
  readonly signal?: AbortSignal
  /** How long it may take, a connection included, in milliseconds. Default: `timeoutMs` of the client. */
  readonly timeoutMs?: number
}

/** What something came to: a value, or why not. */
export type Outcome<T> = { readonly value: T } | { readonly error: ClientError }

/** A signal that is aborted by that of the options, and after their time, if they have either. */
export function signalOf({ signal, timeoutMs }: CallOptions): AbortSignal | undefined {
  if (timeoutMs === undefined) return signal
  const timeout = AbortSignal.timeout(timeoutMs)
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout])
}

/** A promise of what `begin` does, which returns what to do when nobody waits any more. */
export function cancellable<T>(
  signal: AbortSignal | undefined,
  begin: (settle: (outcome: Outcome<T>) => void) => () => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const aborted = (): void => {
      cancel()
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', aborted, { once: true })
    const cancel = begin((outcome) => {
      signal?.removeEventListener('abort', aborted)
      if ('error' in outcome) reject(outcome.error)
      else resolve(outcome.value)
    })
  })
}
