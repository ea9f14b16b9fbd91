import { DisconnectCode, ErrorCode } from '@wigwag/protocol'
import type { RefusalAnswer } from '../namespace/refuse.ts'

/** Why somebody is not let in. */
export type RefusalReason =
  /** The token was good, but its time is up: a new one will do. */
  | 'expired'
  /** Its time has not come. */
  | 'not-yet-valid'
  /** Malformed, signed by nobody who is trusted, or without what it must say. */
  | 'invalid'
  | 'wrong-issuer'
  | 'wrong-audience'
  /** A token for another channel, or none for a channel at all. */
  | 'wrong-channel'
  /** A token for another user or another session. */
  | 'wrong-user'
  /** There is nothing that says who it is. */
  | 'no-token'
  /** Nobody can tell at present, because the keys cannot be had: try again later. */
  | 'unavailable'

const INVALID: RefusalAnswer = {
  type: 'disconnect',
  disconnect: { code: DisconnectCode.invalidToken, reason: 'invalid token' },
}

/** By reason. Clients get a new token after 109, try again where `temporary` is set, and give up after 3500. */
const ANSWERS: Readonly<Record<RefusalReason, RefusalAnswer>> = {
  expired: { type: 'error', code: ErrorCode.tokenExpired, message: 'token expired', temporary: false },
  'not-yet-valid': INVALID,
  invalid: INVALID,
  'wrong-issuer': INVALID,
  'wrong-audience': INVALID,
  'wrong-channel': INVALID,
  'wrong-user': INVALID,
  'no-token': { type: 'error', code: ErrorCode.unauthorized, message: 'unauthorized', temporary: false },
  unavailable: { type: 'error', code: ErrorCode.internal, message: 'internal server error', temporary: true },
}

/** What an authenticator answers when it does not let somebody in. */
export class AuthenticationRefusal {
  readonly reason: RefusalReason
  /** For logs: what was wrong. It never quotes the token, nor is it sent to the client. */
  readonly message: string

  constructor(reason: RefusalReason, message: string) {
    this.reason = reason
    this.message = message
  }

  /** What the client hears of it: no more than it needs to do the right thing. */
  get answer(): RefusalAnswer {
    return ANSWERS[this.reason]
  }
}
