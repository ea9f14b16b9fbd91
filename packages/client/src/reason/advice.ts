import { DisconnectCode } from '@wigwag/protocol'
import { type CloseReason, type CloseReasonName, COMES_BACK, type StaysAway } from './close-reason.ts'

/** What is to be done, where there is something. */
const ADVICE: Readonly<Partial<Record<CloseReasonName, string>>> & Readonly<Record<StaysAway, string>> = {
  lost: 'Nothing. If it happens about once a minute, a proxy cuts idle connections: let the hub ping more often.',
  unreachable:
    'Check URL and server if it lasts. Where a proxy blocks WebSocket, add a transport that falls back to HTTP.',
  connectTimeout: 'Nothing. If it lasts, a proxy takes connections and does not pass them on.',
  replyTimeout: 'Nothing. If it lasts, the hub is overloaded.',
  tokenFailed: 'See why getToken throws: the error is its cause.',
  sendFailed: 'Nothing. If it lasts, see the text: requests do not get through, or more is sent than they carry.',
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

/** The same reason, with what is to be done about it in particular. */
export function advised(reason: CloseReason): CloseReason {
  return { ...reason, advice: ADVICE[reason.name] ?? reason.advice }
}

/** Every reason there is, for documents and tests. */
export function closeReasonNames(): readonly CloseReasonName[] {
  return [...new Set([...COMES_BACK, ...Object.keys(DisconnectCode), ...Object.keys(ADVICE)])] as CloseReasonName[]
}
