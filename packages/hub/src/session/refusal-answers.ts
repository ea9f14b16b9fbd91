import { ErrorCode, isTemporary } from '@wigwag/protocol'
import { HubError, type HubErrorCode } from '../error/hub-error.ts'
import type { RefusalAnswer } from '../namespace/refuse.ts'

type ErrorAnswer = Extract<RefusalAnswer, { type: 'error' }>

/** An error of the protocol's own. */
export function errorAnswer(code: ErrorCode, message: string): ErrorAnswer {
  return { type: 'error', code, message, temporary: isTemporary(code) }
}

/** Something behind the hub is away, or failed: what it was is for those who run it. */
export const UNAVAILABLE: ErrorAnswer = errorAnswer(ErrorCode.internal, 'internal server error')
export const PERMISSION_DENIED: ErrorAnswer = errorAnswer(ErrorCode.permissionDenied, 'permission denied')
export const UNKNOWN_CHANNEL: ErrorAnswer = errorAnswer(ErrorCode.unknownChannel, 'unknown channel')
export const NOT_AVAILABLE: ErrorAnswer = errorAnswer(ErrorCode.notAvailable, 'not available')
export const TOO_MANY: ErrorAnswer = errorAnswer(ErrorCode.tooManyRequests, 'too many commands without an answer')
export const TOO_FAST: ErrorAnswer = errorAnswer(ErrorCode.tooManyRequests, 'too many commands a second')
export const UNAUTHORIZED: ErrorAnswer = errorAnswer(ErrorCode.unauthorized, 'unauthorized')
export const LIMIT_EXCEEDED: ErrorAnswer = errorAnswer(ErrorCode.limitExceeded, 'limit exceeded')
export const EXPIRED: ErrorAnswer = errorAnswer(ErrorCode.expired, 'expired')
export const UNRECOVERABLE: ErrorAnswer = errorAnswer(ErrorCode.unrecoverablePosition, 'unrecoverable position')

/** Whether a newer token would do. */
export function isTooOld(answer: RefusalAnswer): boolean {
  return answer.type === 'error' && (answer.code === ErrorCode.tokenExpired || answer.code === ErrorCode.expired)
}

/** Errors of the hub that are the client's own doing. */
const BAD_REQUEST: ReadonlySet<HubErrorCode> = new Set([
  'ERR_CHANNEL_NAME',
  'ERR_POSITION',
  'ERR_PUBLICATION_DATA',
  'ERR_PUBLICATION_INVALID',
  'ERR_PUBLICATION_TOO_LARGE',
  'ERR_RPC_INPUT',
])

/** What a client is told of an error. */
export function answerOf(error: unknown): ErrorAnswer {
  if (!(error instanceof HubError)) return UNAVAILABLE
  return BAD_REQUEST.has(error.code) ? errorAnswer(ErrorCode.badRequest, error.message) : UNAVAILABLE
}
