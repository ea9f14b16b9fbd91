import type { IncomingMessage, Server } from 'node:http'
import { hostPolicyOf, Refusal, refuse } from '@wigwag/socket'
import { checkHost, checkOrigin, HeaderFields, isSameOrigin } from '@wigwag/socket/core'
import type { ResolvedEndpointOptions } from './endpoint-options.ts'

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
    checkOrigin(headers, options.allowOrigins)
  return refusal && refuse(403, refusal.message)
}

/** What lets a page of another, allowed origin read the answer (CORS). */
export function corsHeaders(
  incoming: IncomingMessage,
  { allowOrigins }: ResolvedEndpointOptions,
): Record<string, string> {
  const { origin, host = '' } = incoming.headers
  if (origin === undefined || isSameOrigin(origin, host)) return { vary: 'Origin' }
  return { 'access-control-allow-origin': allowOrigins === 'any' ? '*' : origin, vary: 'Origin' }
}

/** What lets such a page send a request that needs asking first (CORS preflight). */
export function preflightHeaders(): Record<string, string> {
  return {
    'access-control-allow-methods': 'GET, POST',
    'access-control-allow-headers': 'authorization, content-type, last-event-id',
    'access-control-max-age': '600',
  }
}

/** Throws the refusal unless `authorize` lets the request through. */
export async function assertAuthorized(
  options: ResolvedEndpointOptions,
  action: 'publish' | 'subscribe',
  channel: string,
  incoming: IncomingMessage,
): Promise<void> {
  const decision = await options.authorize({ action, channel, incoming })
  if (decision instanceof Refusal) throw decision
  if (!decision) throw refuse(403, `You may not ${action} to this channel.`)
}
