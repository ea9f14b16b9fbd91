import { ClientError } from './error/client-error.ts'

/** What a call of the application may be given. */
export interface CallOptions {
  /** Ends the call: it rejects with the signal's reason. What was sent is not taken back. */
  readonly signal?: AbortSignal
  /** How long it may take, a connection included, in milliseconds. Default: `timeoutMs` of the client. */
  readonly timeoutMs?: number
}

/** A promise of what `begin` tells, an error or a value; it returns what to do when nobody waits any more. */
export function cancellable<T>(
  signal: AbortSignal | undefined,
  begin: (settle: (outcome: T | ClientError) => void) => () => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const aborted = (): void => {
      cancel()
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', aborted)
    const cancel = begin((outcome) => {
      signal?.removeEventListener('abort', aborted)
      if (outcome instanceof ClientError) reject(outcome)
      else resolve(outcome)
    })
  })
}
