import type { HeaderFields } from '../http/header-fields.ts'
import { type Peer, requestedHost, UNKNOWN_PEER } from './forwarded.ts'

/**
 * Which web pages may connect: `'same-origin'` those served under the same host and port, `'any'` all, or a list of
 * origins such as `'https://app.example.com'` in addition to the same origin. Requests without `Origin` come from
 * programs, not pages, and pass.
 */
export type OriginPolicy = 'same-origin' | 'any' | readonly string[]

/**
 * Which `Host` values are answered: `'any'`, or a list of host names (without port). Servers on loopback need the list
 * against DNS rebinding, where a foreign page gives its own name our address.
 */
export type HostPolicy = 'any' | readonly string[]

/** Names under which a server on loopback is known to be meant. */
export const LOOPBACK_HOSTS: readonly string[] = ['localhost', '127.0.0.1', '[::1]']

/** Why a request may not enter. The message names what came, what is allowed, and how to allow more. */
export interface AccessRefusal {
  readonly rule: 'host' | 'origin' | 'fetch-site'
  readonly message: string
}

const ORIGIN = /^(https?):\/\/([^/?#@\s]+)$/
const HOST = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]+)(?::(\d{0,5}))?$/

/** Splits a `Host` value; `undefined` when it is malformed. The name comes back in lower case. */
export function parseHost(value: string): { readonly name: string; readonly port: string } | undefined {
  const match = HOST.exec(value)
  if (match === null) return undefined
  return { name: (match[1] as string).toLowerCase(), port: match[2] ?? '' }
}

/** Applies the Host policy. `host` is the one `Host` value of the request, already known to be well-formed. */
export function checkHost(host: string, policy: HostPolicy): AccessRefusal | undefined {
  if (policy === 'any') return undefined
  const name = parseHost(host)?.name
  if (name !== undefined && policy.some((allowed) => allowed.toLowerCase() === name)) return undefined
  return {
    rule: 'host',
    message:
      `Host ${JSON.stringify(host)} is not served here: on a loopback address only ${policy.join(', ')} are, ` +
      'against DNS rebinding. To serve this name, add it to allowHosts (--allow-host).',
  }
}

/**
 * Applies the origin policy. Same origin means the same host and port; proxies hide the scheme, so it is compared only in
 * lists. `peer` says whether a proxy of ours forwarded the request: then the host that it names is the one compared.
 */
export function checkOrigin(
  headers: HeaderFields,
  policy: OriginPolicy,
  peer: Peer = UNKNOWN_PEER,
): AccessRefusal | undefined {
  if (policy === 'any') return undefined
  const origin = headers.get('origin')
  if (origin === undefined) return checkFetchSite(headers)
  if (isOwnOrigin(origin, headers, peer)) return undefined
  if (policy !== 'same-origin' && policy.includes(origin)) return undefined
  const { header, value } = requestedHost(headers, peer)
  return {
    rule: 'origin',
    message:
      `Origin ${JSON.stringify(origin)} does not match ${header} ${JSON.stringify(value)}` +
      `${policy === 'same-origin' ? '' : ` and is none of ${policy.join(', ')}`}. ` +
      `To let its pages in, add it to allowOrigins (--allow-origin).${describeUntrustedProxy(headers, peer)}`,
  }
}

/** Whether Origin is the one that the request itself was sent to. */
export function isOwnOrigin(origin: string, headers: HeaderFields, peer: Peer = UNKNOWN_PEER): boolean {
  // Common proxy settings drop the port of Host (nginx: `$host`).
  return isSameOrigin(origin, requestedHost(headers, peer).value, peer.trusted ? 'any-if-missing' : 'exact')
}

/** Whether Origin is of http or https, and its host and port equal Host, default ports of its scheme left out. */
export function isSameOrigin(origin: string, host: string, port: 'exact' | 'any-if-missing' = 'exact'): boolean {
  const match = ORIGIN.exec(origin)
  const ours = parseHost(host)
  const theirs = match === null ? undefined : parseHost(match[2] as string)
  if (match === null || ours === undefined || theirs === undefined || theirs.name !== ours.name) return false
  if (ours.port === '' && port === 'any-if-missing') return true
  const defaultPort = match[1] === 'https' ? '443' : '80'
  return (theirs.port || defaultPort) === (ours.port || defaultPort)
}

/** Forms, images and links of other sites come without Origin, but browsers mark them. Programs send neither header. */
function checkFetchSite(headers: HeaderFields): AccessRefusal | undefined {
  const site = headers.get('sec-fetch-site')
  if (site === undefined || !FOREIGN_SITES.includes(site.toLowerCase())) return undefined
  return {
    rule: 'fetch-site',
    message:
      `Sec-Fetch-Site ${JSON.stringify(site)} without Origin: a page of another origin sent this and does not say which. ` +
      'To let it in, have it use fetch, EventSource or WebSocket, which name its origin, and add that to allowOrigins (--allow-origin).',
  }
}

const FOREIGN_SITES = ['cross-site', 'same-site']

/** What is most often wrong when an Origin does not match behind a proxy. */
function describeUntrustedProxy(headers: HeaderFields, peer: Peer): string {
  if (peer.trusted || (headers.get('x-forwarded-host') ?? headers.get('x-forwarded-for')) === undefined) return ''
  return (
    ` Its X-Forwarded headers were ignored, because ${peer.address || 'its peer'} is no trusted proxy: ` +
    `if it is yours, add it to trustedProxies (--trusted-proxy ${peer.address || 'ADDRESS'}).`
  )
}
