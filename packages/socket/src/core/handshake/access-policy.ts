import type { HeaderFields } from '../http/header-fields.ts'

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
  readonly rule: 'host' | 'origin'
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

/** Applies the origin policy. Same origin means the same host and port; proxies hide the scheme, so it is compared only in lists. */
export function checkOrigin(headers: HeaderFields, policy: OriginPolicy): AccessRefusal | undefined {
  const origin = headers.get('origin')
  if (origin === undefined || policy === 'any') return undefined
  const host = headers.get('host') ?? ''
  if (isSameOrigin(origin, host)) return undefined
  if (policy !== 'same-origin' && policy.includes(origin)) return undefined
  return {
    rule: 'origin',
    message:
      `Origin ${JSON.stringify(origin)} does not match Host ${JSON.stringify(host)}` +
      `${policy === 'same-origin' ? '' : ` and is none of ${policy.join(', ')}`}. To let its pages in, add it to allowOrigins (--allow-origin).`,
  }
}

/** Whether Origin is of http or https, and its host and port equal Host, default ports of its scheme left out. */
export function isSameOrigin(origin: string, host: string): boolean {
  const match = ORIGIN.exec(origin)
  const ours = parseHost(host)
  const theirs = match === null ? undefined : parseHost(match[2] as string)
  if (match === null || ours === undefined || theirs === undefined) return false
  const defaultPort = match[1] === 'https' ? '443' : '80'
  return theirs.name === ours.name && (theirs.port || defaultPort) === (ours.port || defaultPort)
}
