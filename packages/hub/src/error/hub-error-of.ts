import { HubError } from './hub-error.ts'

/** What the hub says when its broker fails. */
export function hubErrorOf(error: unknown): HubError {
  if (error instanceof HubError) return error
  const why = error instanceof Error ? error.message : String(error)
  return new HubError('ERR_BROKER_UNAVAILABLE', `The broker failed: ${why}`, { cause: error })
}
