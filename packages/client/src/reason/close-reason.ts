import { type DisconnectCode, reconnectsAfter } from '@wigwag/protocol'

/** Ways in which a connection ends, or does not come to be, after which the client stays away until `connect()` is called. */
export const STAYS_AWAY = [
  'initial',
  'disconnectCalled',
  'unauthorized',
  'refused',
  'notAHub',
  'messageTooLarge',
  'applicationFinal',
] as const

/** The same, after which it comes back; those that the hub has a code for do something here. */
export type ComesBack =
  | 'connectCalled'
  | 'lost'
  | 'unreachable'
  | 'offline'
  | 'forbidden'
  | 'notFound'
  | 'webSocketBlocked'
  | 'connectTimeout'
  | 'noPing'
  | 'replyTimeout'
  | 'tokenFailed'
  | 'tokenExpired'
  | 'refusedForNow'
  | 'sendFailed'
  | 'movedUp'
  | 'application'
  | 'expired'
  | 'stateInvalidated'

/** Why a connection ended, by name: the client's own. */
export type OwnReasonName = ComesBack | (typeof STAYS_AWAY)[number]

/** The same, and those of `DisconnectCode`. */
export type CloseReasonName = OwnReasonName | keyof typeof DisconnectCode

/** Why there is no connection, and what follows from it. */
export interface CloseReason {
  readonly name: CloseReasonName
  /** The close or disconnect code, or that of the hub's error, where there was one. */
  readonly code?: number
  /** What the other side said, or what happened; for who reads it. */
  readonly text: string
  /** Whether the client comes back by itself. */
  readonly retryable: boolean
  /** What to do about it. */
  readonly advice: string
  /** How long the hub asks to wait before, in milliseconds. */
  readonly delayMs?: number | undefined
  /** What was thrown, where something was. */
  readonly cause?: unknown
}

/** What goes with a reason where it is known. */
export type CloseReasonDetails = Partial<Pick<CloseReason, 'code' | 'text' | 'delayMs' | 'cause'>>

/** A reason by its name, with the advice that goes for all of its kind: `advised` knows more. */
export function closeReason(name: OwnReasonName, details: CloseReasonDetails = {}): CloseReason {
  const retryable = !STAYS_AWAY.includes(name as 'initial')
  const advice = retryable ? 'Nothing.' : 'See the text.'
  return { ...details, text: details.text || name, name, retryable, advice }
}

// The compiler compares them with the protocol's, of which nothing else is needed here.
const EXPIRED: typeof DisconnectCode.expired = 3005
const STATE_INVALIDATED: typeof DisconnectCode.stateInvalidated = 3014
const MESSAGE_TOO_BIG = 1009

/**
 * Why a transport closed: by the code that the hub gave. What follows from a code is told by its range, as the protocol has it: `advised`
 * knows the names of them all. Below 3000 they are WebSocket's own, and the connection was lost.
 */
export function reasonOfCode(code: number, details: CloseReasonDetails = {}): CloseReason {
  return closeReason(nameOf(code), { ...details, code, text: details.text || `code ${code}` })
}

function nameOf(code: number): OwnReasonName {
  if (code === EXPIRED) return 'expired'
  if (code === STATE_INVALIDATED) return 'stateInvalidated'
  if (code === MESSAGE_TOO_BIG) return 'messageTooLarge'
  const isApplication = code >= 4000 && code < 5000
  if (reconnectsAfter(code)) return isApplication ? 'application' : 'lost'
  return isApplication ? 'applicationFinal' : 'refused'
}
