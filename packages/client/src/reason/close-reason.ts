import { DisconnectCode, reconnectsAfter } from '@wigwag/protocol'

/**
 * Every way in which a connection can end, or not come to be, after which the client comes back by itself; and what is to
 * be done about it.
 */
const COMES_BACK = {
  connectCalled: 'Nothing: it is the first attempt.',
  lost: 'Nothing. If it happens about once a minute, a proxy cuts idle connections: let the hub ping more often.',
  unreachable:
    'Check URL and server if it lasts. Where a proxy blocks WebSocket, add a transport that falls back to HTTP.',
  connectTimeout: 'Nothing. If it lasts, a proxy takes connections and does not pass them on.',
  noPing: 'Nothing: the network went away without a word.',
  replyTimeout: 'Nothing. If it lasts, the hub is overloaded.',
  tokenFailed: 'See why getToken throws: the error is its cause.',
  tokenExpired: 'Nothing: getToken is asked for another one.',
  refusedForNow: 'Nothing: the hub asks for another attempt.',
  connectionClosed: 'Nothing.',
  shutdown: 'Nothing: the hub restarts, and says when to come back.',
  internal: 'See the log of the hub.',
  expired: 'Nothing: getToken is asked for another token.',
  subscriptionExpired: 'Nothing: getToken of the subscription is asked for another one.',
  slow: 'Nothing: what was missed is recovered. Do less for each publication, or take fewer.',
  writeError: 'Nothing.',
  insufficientState: 'Nothing: what was missed is recovered.',
  forceReconnect: 'Nothing.',
  noPong: 'Nothing. The page was asleep, or does too much at a time.',
  tooManyRequests: 'Send less a second.',
  stateInvalidated: 'Nothing: subscriptions begin anew, and a gap is told.',
  application: 'What the application says: its own code, from 4000 to 4499.',
} as const

/** The same, after which it stays away until `connect()` is called. */
const STAYS_AWAY = {
  initial: 'Call connect(), or subscribe.',
  disconnectCalled: 'Call connect() to come back.',
  unauthorized: 'Log in: getToken has no token, or there is no getToken where the hub wants one.',
  refused: 'See the text: the hub does not let this client in.',
  notAHub: "Check the URL: what answers there does not speak the hub's protocol.",
  messageTooLarge: 'Send less at once: the hub or a proxy takes no message of that size.',
  invalidToken: 'Log in again: the token is no good.',
  badRequest: 'Report it: client and hub do not understand each other.',
  stale: 'Nothing in the page: who it is was not said in time.',
  forceDisconnect: 'See the text: the server decided so.',
  connectionLimit: 'Close other tabs, or raise sessions.maxSessionsPerUser.',
  channelLimit: 'Subscribe to fewer channels.',
  inappropriateProtocol: 'Report it: the hub was sent what it does not take.',
  permissionDenied: 'See the text: this client may not.',
  notAvailable: 'See the text: the hub does not offer it.',
  tooManyErrors: 'See the log of the hub.',
  applicationFinal: 'What the application says: its own code, from 4500 to 4999.',
} as const

/** Why a connection ended, by name. */
export type CloseReasonName = keyof typeof COMES_BACK | keyof typeof STAYS_AWAY

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

/** A reason by its name. */
export function closeReason(name: CloseReasonName, details: CloseReasonDetails = {}): CloseReason {
  const advice = name in COMES_BACK ? COMES_BACK[name as keyof typeof COMES_BACK] : undefined
  return {
    text: name,
    ...details,
    name,
    retryable: advice !== undefined,
    advice: advice ?? STAYS_AWAY[name as keyof typeof STAYS_AWAY],
  }
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

/** Every reason there is, for documents and tests. */
export const CLOSE_REASON_NAMES: readonly CloseReasonName[] = [
  ...Object.keys(COMES_BACK),
  ...Object.keys(STAYS_AWAY),
] as CloseReasonName[]
