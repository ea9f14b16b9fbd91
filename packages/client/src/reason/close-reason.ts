import { DisconnectCode, reconnectsAfter } from '@wigwag/protocol'

/** Ways in which a connection ends, or does not come to be, that no code of the protocol tells, and after which the client comes back. */
export const COMES_BACK = [
  'connectCalled',
  'lost',
  'unreachable',
  'connectTimeout',
  'noPing',
  'replyTimeout',
  'tokenFailed',
  'tokenExpired',
  'refusedForNow',
  'sendFailed',
  'movedUp',
  'application',
] as const

/** The same, after which it stays away until `connect()` is called. */
export type StaysAway =
  | 'initial'
  | 'disconnectCalled'
  | 'unauthorized'
  | 'refused'
  | 'notAHub'
  | 'messageTooLarge'
  | 'applicationFinal'

/** Why a connection ended, by name: those of `DisconnectCode`, and the client's own. */
export type CloseReasonName = keyof typeof DisconnectCode | (typeof COMES_BACK)[number] | StaysAway

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
  readonly delayMs?: number
  /** What was thrown, where something was. */
  readonly cause?: unknown
}

/** What goes with a reason where it is known. */
export type CloseReasonDetails = Partial<Pick<CloseReason, 'code' | 'text' | 'delayMs' | 'cause'>>

/** A reason by its name, with the advice that goes for all of its kind: `advised` knows more. */
export function closeReason(name: CloseReasonName, details: CloseReasonDetails = {}): CloseReason {
  const retryable =
    name in DisconnectCode
      ? reconnectsAfter(DisconnectCode[name as keyof typeof DisconnectCode])
      : COMES_BACK.includes(name as 'lost')
  const advice = retryable ? 'Nothing: the client comes back by itself.' : 'See the text: the server decided so.'
  return { text: name, ...details, name, retryable, advice }
}

const BY_CODE = new Map(Object.entries(DisconnectCode).map(([name, code]) => [code as number, name as CloseReasonName]))
const MESSAGE_TOO_BIG = 1009

/**
 * Why a transport closed: by the code that the hub gave. Those that no table knows are told by their range, as the protocol
 * has it; below 3000 they are WebSocket's own, and the connection was lost.
 */
export function reasonOfCode(code: number, details: CloseReasonDetails = {}): CloseReason {
  const given = { ...details, code, text: details.text || `close code ${code}` }
  const known = BY_CODE.get(code)
  if (known !== undefined) return closeReason(known, given)
  if (code === MESSAGE_TOO_BIG) return closeReason('messageTooLarge', given)
  if (code < 3000 || code >= 5000) return closeReason('lost', given)
  if (code >= 4000) return closeReason(reconnectsAfter(code) ? 'application' : 'applicationFinal', given)
  return closeReason(reconnectsAfter(code) ? 'lost' : 'refused', given)
}
