import type { IncomingMessage } from 'node:http'
import { ErrorCode } from '@wigwag/protocol'
import { type Refusal, refuse } from '@wigwag/socket'
import type { Hub } from '../hub.ts'
import type { RefusalAnswer } from '../namespace/refuse.ts'
import type { Credentials } from '../session/credentials.ts'
import type { Decision } from '../session/permissions.ts'
import { EXPIRED, errorAnswer } from '../session/refusal-answers.ts'
import { authenticateRequest, decideRequest } from '../session/request-permission.ts'
import type { ChannelDecision, ChannelRequest } from './endpoint-options.ts'
import type { Tickets } from './tickets.ts'

/** Has channels' URLs obey the permissions of the hub's namespaces, as sessions do. */
export function authorizeByNamespace(
  hub: Hub,
  tickets: Tickets | undefined,
): (request: ChannelRequest) => Promise<ChannelDecision> {
  // One request is asked about more than once: may it subscribe, may it publish.
  const known = new WeakMap<IncomingMessage, Promise<Decision<Credentials>>>()
  const { context } = hub.sessions
  const authenticate = async (request: ChannelRequest): Promise<Decision<Credentials>> => {
    const { incoming, remoteAddress } = request
    if (tickets !== undefined && queryOf(incoming).has('ticket')) return decideOnTicket(await tickets.redeem(incoming))
    return authenticateRequest(context, {
      remoteAddress,
      transport: 'http',
      header: (name) => incoming.headers[name]?.toString(),
      query: (name) => queryOf(incoming).get(name) ?? undefined,
    })
  }
  return async (request) => {
    const { action, channel, incoming } = request
    const asking = known.get(incoming) ?? authenticate(request)
    known.set(incoming, asking)
    const who = await asking
    if (!who.ok) return refusalFor(who.answer)
    const token = queryOf(incoming).get('token')
    const decision = await decideRequest(context, who.value, { action, channel, ...(token !== null && { token }) })
    return decision.ok ? decision.value : refusalFor(decision.answer)
  }
}

/** Whoever brings a ticket that is no good is nobody, not somebody without one. */
function decideOnTicket(value: Credentials | undefined): Decision<Credentials> {
  if (value === undefined) return { ok: false, answer: BAD_TICKET }
  return value.expiresAt !== undefined && value.expiresAt <= Date.now()
    ? { ok: false, answer: EXPIRED }
    : { ok: true, value }
}

const BAD_TICKET = errorAnswer(ErrorCode.unauthorized, 'this ticket was used, or its time is up; get another one')

function queryOf({ url = '' }: IncomingMessage): URLSearchParams {
  const start = url.indexOf('?')
  return new URLSearchParams(start === -1 ? '' : url.slice(start + 1))
}

/** Statuses of the protocol's errors. The application's own are what they say where they are one of HTTP's; all others 403. */
const STATUS: Readonly<Record<number, number>> = {
  [ErrorCode.internal]: 503,
  [ErrorCode.unauthorized]: 401,
  [ErrorCode.tokenExpired]: 401,
  [ErrorCode.expired]: 401,
  [ErrorCode.unknownChannel]: 404,
  [ErrorCode.badRequest]: 400,
}

/** A session's answer, in HTTP's words. */
export function refusalFor(answer: RefusalAnswer): Refusal {
  if (answer.type === 'disconnect') return refuse(403, answer.disconnect.reason)
  const status = STATUS[answer.code] ?? (answer.code < 600 && answer.code >= 400 ? answer.code : 403)
  if (status === 401) return refuse(401, answer.message, { 'www-authenticate': 'Bearer' })
  return refuse(status, answer.message, answer.temporary ? { 'retry-after': '1' } : {})
}
