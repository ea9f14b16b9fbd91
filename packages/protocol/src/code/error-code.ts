/**
 * What a reply says when a command failed. Numbers and meanings are those of Centrifuge's client protocol, so that its
 * clients do the right thing: below 100 and where `temporary` is set they try again; 109 makes them get a new token.
 */
export const ErrorCode = {
  internal: 100,
  unauthorized: 101,
  unknownChannel: 102,
  permissionDenied: 103,
  methodNotFound: 104,
  alreadySubscribed: 105,
  limitExceeded: 106,
  badRequest: 107,
  notAvailable: 108,
  tokenExpired: 109,
  expired: 110,
  tooManyRequests: 111,
  unrecoverablePosition: 112,
} as const

/** A code of `ErrorCode`, or one of the application's own, from 400 up to 1999. */
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode]

// For themselves, so that a client's bundle need not have the table for them.
const INTERNAL: typeof ErrorCode.internal = 100
const TOO_MANY_REQUESTS: typeof ErrorCode.tooManyRequests = 111

/** Whether the same command may succeed when it is sent again later. */
export function isTemporary(code: number): boolean {
  return code <= INTERNAL || code === TOO_MANY_REQUESTS
}
