import { type Refusal, refuse } from '@wigwag/socket'
import type { Hub } from '../hub.ts'
import { AuthenticationRefusal } from '../session/authentication-refusal.ts'
import type { FullReason, SessionsFull } from '../session/session-door.ts'

/** What those hear who are not let in, whatever they would have said of themselves. */
const FULL: Readonly<Record<FullReason, string>> = {
  draining: 'This server is shutting down; try again.',
  sessions: 'This server has as many sessions as it takes; try again later, or raise sessions.maxSessions.',
  memory: 'This server is short of memory; try again later.',
  rate: 'Too many come at once; try again later, or raise sessions.maxSessionsPerSecond and maxSessionBurst.',
}

/** Lets a session in, or says why not: to be called once for each client. */
export function admitSession(hub: Hub): Refusal | undefined {
  return refusalOf(hub.sessions.admit())
}

/** What a session would be told that came now: to be asked as often as somebody wants to know. */
export function lookAtSessionAdmission(hub: Hub): Refusal | undefined {
  return refusalOf(hub.sessions.look())
}

function refusalOf(full: SessionsFull | undefined): Refusal | undefined {
  if (full === undefined) return undefined
  return refuse(503, FULL[full.reason], { 'retry-after': String(Math.ceil(full.retryAfterMs / 1000)) })
}

/** Whoever brings a ticket that is no good is nobody, not somebody without one; and does not come back with it. */
export const BAD_TICKET: AuthenticationRefusal = new AuthenticationRefusal(
  'invalid',
  'The ticket was used, or its time is up.',
)
