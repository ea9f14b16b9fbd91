import type { IncomingMessage, Server } from 'node:http'
import { hostPolicyOf, Refusal, refuse } from '@wigwag/socket'
import { checkHost, checkOrigin, HeaderFields } from '@wigwag/socket/core'
import { refuseExpired } from './credentials-expired.ts'
import type { ChannelDecision, ChannelGrant, ResolvedEndpointOptions } from './endpoint-options.ts'

/** Applies the Host and origin policies to a plain request: the same doors as for a WebSocket. */
export function checkAccess(
  server: Server | undefined,
  incoming: IncomingMessage,
  options: ResolvedEndpointOptions,
): Refusal | undefined {
  const headers = new HeaderFields(incoming.rawHeaders)
  const host = headers.get('host')
  // Only HTTP/1.0 comes without Host, and no browser speaks that.
  const refusal =
    (host === undefined ? undefined : checkHost(host, hostPolicyOf(server, options.allowHosts))) ??
    checkOrigin(headers, options.allowOrigins, options.admission.callerOf(incoming).peer)
  return refusal && refuse(403, refusal.message)
}

/** What lets a page of another, allowed origin read the answer, be it a refusal (CORS). */
export function corsHeaders(
  incoming: IncomingMessage,
  { allowOrigins }: ResolvedEndpointOptions,
): Record<string, string> {
  const { origin } = incoming.headers
  // Always: caches must not give one origin's answer to another.
  const vary = { vary: 'Origin' }
  if (origin === undefined || allowOrigins === 'same-origin') return vary
  if (allowOrigins === 'any') return { ...vary, 'access-control-allow-origin': '*', ...EXPOSED }
  if (!allowOrigins.includes(origin)) return vary
  // 'null' is every sandboxed page of every site: none of them gets to use a user's cookies.
  const credentials: Record<string, string> = origin === 'null' ? {} : { 'access-control-allow-credentials': 'true' }
  return { ...vary, 'access-control-allow-origin': origin, ...credentials, ...EXPOSED }
}

const EXPOSED = { 'access-control-expose-headers': 'ETag, Last-Modified, Retry-After, Wigwag-Gap, Wigwag-Recovered' }

/** Whether a browser asks on behalf of a page whether that may send another request (CORS preflight). */
export function isPreflight({ method, headers }: IncomingMessage): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined
}

/** What such a page may send. */
export const PREFLIGHT_HEADERS: Readonly<Record<string, string>> = {
  'access-control-allow-methods': 'GET, HEAD, POST',
  'access-control-allow-headers':
    'authorization, content-type, if-none-match, if-modified-since, last-event-id, cache-control, x-requested-with, idempotency-key',
  'access-control-max-age': '600',
}

/** Returns until when `authorize` lets the request through. Throws the refusal if it does not. */
export async function assertAuthorized(
  options: ResolvedEndpointOptions,
  action: 'publish' | 'subscribe',
  channel: string,
  incoming: IncomingMessage,
): Promise<ChannelGrant> {
  const remoteAddress = options.admission.callerOf(incoming).clientAddress
  const decision = await inTime<ChannelDecision>(
    options.authorize({ action, channel, remoteAddress, incoming }),
    options.authorizeTimeoutMs,
  )
  if (decision instanceof Refusal) throw decision
  if (!decision) throw refuse(403, `You may not ${action} to this channel.`)
  if (decision === true) return {}
  if (decision.expiresAt !== undefined && decision.expiresAt <= Date.now()) throw refuseExpired()
  return decision
}

/** Whoever decides on others' requests may hang; those who wait must not. */
export async function inTime<Decision>(
  decision: Decision | PromiseLike<Decision>,
  timeoutMs: number,
): Promise<Decision> {
  if (typeof decision !== 'object' || decision === null || !('then' in decision)) return decision
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_resolve, reject) => {
    const late = refuse(503, 'The server took too long to decide whether to let you in; try again.', {
      'retry-after': '5',
    })
    timer = setTimeout(() => reject(late), timeoutMs)
  })
  try {
    return await Promise.race([decision, tooLate])
  } finally {
    clearTimeout(timer)
  }
}
