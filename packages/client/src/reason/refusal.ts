import { type ErrorCode, isTemporary } from '@wigwag/protocol'
import type { ClientError } from '../error/client-error.ts'

/** Why there is no connection, or no subscription: there is no token, or the hub has answered with an error. */
export interface Refusal {
  readonly name: 'unauthorized' | 'tokenFailed' | 'tokenExpired' | 'refusedForNow' | 'refused'
  readonly text: string
  /** The hub's error. */
  readonly code?: number
  readonly cause?: unknown
}

// The compiler compares them with the protocol's.
const TOKEN_EXPIRED: typeof ErrorCode.tokenExpired = 109
const UNAUTHORIZED: typeof ErrorCode.unauthorized = 101

/** What it means that the hub answered with an error. `isAsked`: whether there is somebody to ask for another token. */
export function refusalOf({ number: code = 0, message: text, temporary }: ClientError, isAsked: boolean): Refusal {
  let name: Refusal['name'] = temporary || isTemporary(code) ? 'refusedForNow' : 'refused'
  if (code === TOKEN_EXPIRED) name = isAsked ? 'tokenExpired' : 'unauthorized'
  if (code === UNAUTHORIZED) name = 'unauthorized'
  return { name, code, text }
}
