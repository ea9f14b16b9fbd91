import { DisconnectCode } from '@wigwag/protocol'
import {
  type CloseReason,
  type CloseReasonName,
  type ComesBack,
  closeReason,
  reasonOfCode,
  STAYS_AWAY,
} from './close-reason.ts'

/** What is to be done, where there is something. */
const ADVICE: Readonly<Partial<Record<CloseReasonName, string>>> &
  Readonly<Record<(typeof STAYS_AWAY)[number], string>> = {
  lost: 'Nothing. If it happens about once a minute, a proxy cuts idle connections: let the hub ping more often.',
  unreachable: 'Check URL, server and certificate if it lasts: nobody answers.',
  forbidden: 'See the text: log in, or have the hub allow the origin.',
  notFound: 'Check the URL: what answers there is no hub. It may be the login of a network.',
  webSocketBlocked: 'Have the proxy pass WebSockets on, or add a transport that falls back to HTTP.',
  connectTimeout: 'Nothing. If it lasts, a proxy takes connections and does not pass them on.',
  replyTimeout: 'Nothing. If it lasts, the hub is overloaded.',
  tokenFailed: 'See the cause: getToken threw. Or it took longer than connectTimeoutMs.',
  sendFailed: 'Nothing. If it lasts, see the text.',
  application: 'What the application says: its own code, from 4000 to 4499.',
  internal: 'See the log of the hub.',
  slow: 'Nothing: what was missed is recovered. Do less for each publication, or take fewer.',
  tooManyRequests: 'Send less a second.',
  initial: 'Call connect(), or subscribe.',
  disconnectCalled: 'Call connect() to come back.',
  unauthorized: 'Log in: getToken has no token, or there is no getToken where the hub wants one.',
  refused: 'See the text: the hub does not let this client in.',
  notAHub: "Check the URL: what answers there does not speak the hub's protocol.",
  messageTooLarge: 'Send less at once: the hub or a proxy takes no message of that size.',
  invalidToken: 'Log in again: the token is no good.',
  connectionLimit: 'Close other tabs, or raise sessions.maxSessionsPerUser.',
  channelLimit: 'Subscribe to fewer channels.',
  tooManyErrors: 'See the log of the hub.',
  applicationFinal: 'What the application says: its own code, from 4500 to 4999.',
}

const NAMES = new Map(Object.entries(DisconnectCode).map(([name, code]) => [code as number, name as CloseReasonName]))

/** The same reason: by the name that the protocol has for its code, and with what is to be done about it in particular. */
export function advised(reason: CloseReason): CloseReason {
  // What ended otherwise has a name of its own, and may have a code all the same.
  const isOfCode = reason.name === 'lost' || reason.name === 'refused'
  const name = (isOfCode && NAMES.get(reason.code ?? 0)) || reason.name
  return { ...reason, name, advice: ADVICE[name] ?? reason.advice }
}

const COMES_BACK: Readonly<Record<Exclude<ComesBack, keyof typeof DisconnectCode>, true>> = {
  connectCalled: true,
  lost: true,
  unreachable: true,
  offline: true,
  forbidden: true,
  notFound: true,
  webSocketBlocked: true,
  connectTimeout: true,
  noPing: true,
  replyTimeout: true,
  tokenFailed: true,
  tokenExpired: true,
  refusedForNow: true,
  sendFailed: true,
  movedUp: true,
  application: true,
}

/** Every reason there is, with its advice: for documents and tests. */
export function closeReasons(): readonly CloseReason[] {
  const own = (names: readonly string[]): CloseReason[] => names.map((name) => advised(closeReason(name as 'lost')))
  const ofCodes = Object.values(DisconnectCode).map((code) => advised(reasonOfCode(code)))
  return [...own(Object.keys(COMES_BACK)), ...ofCodes, ...own(STAYS_AWAY)]
}
