import { UsageError } from '../error/wigwag-error.ts'
import { type ExtensionOffer, encodeExtensions, parseExtensions } from '../extension/extension-header.ts'
import { isToken } from '../http/header-fields.ts'
import { isFieldValue, type RequestHead } from '../http/http-head.ts'
import { acceptKey, isWebSocketKey } from './accept-key.ts'
import { checkHost, checkOrigin, type HostPolicy, type OriginPolicy, parseHost } from './access-policy.ts'
import type { Peer } from './forwarded.ts'
import { parseSubprotocols } from './subprotocol.ts'

/** What the server asks of an upgrade request besides the rules of RFC 6455. */
export interface UpgradePolicy {
  /** Which web pages may connect. */
  readonly origins: OriginPolicy
  /** Which `Host` values are answered. */
  readonly hosts: HostPolicy
  /** Whom the request came from on the wire. Default: nobody whose `X-Forwarded-…` headers are believed. */
  readonly peer?: Peer
}

/** An upgrade request that obeys every rule, with what the client offers. */
export interface UpgradeOffer {
  readonly key: string
  /** Offered subprotocols, most wanted first. */
  readonly subprotocols: readonly string[]
  /** Offered extensions, most wanted first. */
  readonly extensions: readonly ExtensionOffer[]
}

/** An HTTP answer that refuses an upgrade. */
export interface UpgradeRefusal {
  /** HTTP status, 400 to 599. */
  readonly status: number
  /** Says what was wrong and what to do; becomes the body, as plain text. */
  readonly message: string
  /** Further response headers. */
  readonly headers: Readonly<Record<string, string>>
  /** The request's header that lists what cannot be, in lower case, when that is why. */
  readonly fault?: string
}

/** What `judgeUpgrade` decided. */
export type UpgradeVerdict =
  | { readonly ok: true; readonly offer: UpgradeOffer }
  | { readonly ok: false; readonly refusal: UpgradeRefusal }

/** The only version of the protocol there is (RFC 6455 §4.1 step 9). */
export const WEBSOCKET_VERSION = '13'

const UPGRADE_HEADERS = { upgrade: 'websocket', 'sec-websocket-version': WEBSOCKET_VERSION }

/** Judges an upgrade request by every rule of RFC 6455 §4.2.1 and by our policy. Pure: it neither reads nor writes. */
export function judgeUpgrade(request: RequestHead, policy: UpgradePolicy): UpgradeVerdict {
  for (const rule of RULES) {
    const refusal = rule(request, policy)
    if (refusal !== undefined) return { ok: false, refusal }
  }
  const subprotocols = parseSubprotocols(request.headers)
  if ('fault' in subprotocols)
    return { ok: false, refusal: malformedList('sec-websocket-protocol', subprotocols.fault) }
  const extensions = parseExtensions(request.headers.get('sec-websocket-extensions') ?? '')
  if ('fault' in extensions) {
    const what = `Sec-WebSocket-Extensions: ${extensions.fault}`
    return { ok: false, refusal: malformedList('sec-websocket-extensions', what) }
  }
  const key = request.headers.get('sec-websocket-key') as string
  return { ok: true, offer: { key, subprotocols: subprotocols.offered, extensions: extensions.offers } }
}

type Rule = (request: RequestHead, policy: UpgradePolicy) => UpgradeRefusal | undefined

/** In the order in which their answers help most: what kind of request, then its form, then who asks. */
const RULES: readonly Rule[] = [
  // §4.2.1 item 1: GET, HTTP/1.1 or higher, a resource name
  ({ method }) =>
    method === 'GET' ? undefined : refuse(405, `An upgrade request must be a GET, not ${method}`, { allow: 'GET' }),
  ({ httpVersion }) =>
    /^1\.[1-9]$/.test(httpVersion) // what is above 1 has no Upgrade header (RFC 9113 §8.6)
      ? undefined
      : badRequest(
          `An upgrade needs HTTP/1.1, not HTTP/${httpVersion}; a proxy may have changed it (nginx: proxy_http_version 1.1)`,
        ),
  ({ target }) => (isResourceName(target) ? undefined : badRequest('The request-target is no path and no http URL')),
  // item 2: Host, exactly one (RFC 9112 §3.2)
  ({ headers }) => exactlyOne(headers.count('host'), 'Host'),
  ({ headers }) => (parseHost(headers.get('host') as string) ? undefined : badRequest('The Host header is malformed')),
  // items 3 and 4
  ({ headers }) =>
    headers.lists('upgrade', 'websocket')
      ? undefined
      : refuse(426, 'This is a WebSocket endpoint: the Upgrade header must list "websocket"', UPGRADE_HEADERS),
  ({ headers }) =>
    headers.lists('connection', 'upgrade')
      ? undefined
      : refuse(426, 'The Connection header must list "Upgrade"; a proxy may have dropped it', UPGRADE_HEADERS),
  // item 6, before the key: a client of another version may have another idea of the rest
  ({ headers }) => exactlyOne(headers.count('sec-websocket-version'), 'Sec-WebSocket-Version', UPGRADE_HEADERS),
  ({ headers }) =>
    headers.get('sec-websocket-version') === WEBSOCKET_VERSION
      ? undefined
      : refuse(426, `Sec-WebSocket-Version must be ${WEBSOCKET_VERSION}`, UPGRADE_HEADERS),
  // item 5
  ({ headers }) => exactlyOne(headers.count('sec-websocket-key'), 'Sec-WebSocket-Key'),
  ({ headers }) =>
    isWebSocketKey(headers.get('sec-websocket-key') as string)
      ? undefined
      : badRequest('Sec-WebSocket-Key must be 16 bytes in base64: 22 digits and "=="'),
  // A body would be taken for frames, or hide a second request (RFC 9112 §11.2).
  ({ headers }) =>
    headers.has('transfer-encoding') || headers.all('content-length').some((length) => length !== '0')
      ? badRequest('An upgrade request must not have a body')
      : undefined,
  // item 7 and who may come in at all
  ({ headers }) => (headers.count('origin') > 1 ? badRequest('There is more than one Origin header') : undefined),
  ({ headers }, { hosts }) => forbidden(checkHost(headers.get('host') as string, hosts)),
  ({ headers }, { origins, peer }) => forbidden(checkOrigin(headers, origins, peer)),
]

/** §3: a path, or an absolute http URL as proxies send it. */
function isResourceName(target: string): boolean {
  return /^(\/|https?:\/\/)[^#\s]*$/.test(target)
}

function exactlyOne(
  count: number,
  name: string,
  headers: Readonly<Record<string, string>> = {},
): UpgradeRefusal | undefined {
  if (count === 1) return undefined
  const what = count === 0 ? `The ${name} header is missing` : `There is more than one ${name} header`
  return refuse(400, what, headers)
}

function forbidden(refusal: { readonly message: string } | undefined): UpgradeRefusal | undefined {
  return refusal && { status: 403, message: refusal.message, headers: {} }
}

function malformedList(fault: string, what: string): UpgradeRefusal {
  return { ...badRequest(what), fault }
}

function badRequest(what: string): UpgradeRefusal {
  return refuse(400, what)
}

function refuse(status: number, what: string, headers: Readonly<Record<string, string>> = {}): UpgradeRefusal {
  return { status, message: `${what} (RFC 6455 §4.2.1).`, headers }
}

/** What the server chose for an upgrade that it accepts. */
export interface UpgradeAnswer {
  readonly subprotocol?: string | undefined
  readonly extensions?: readonly ExtensionOffer[]
  /** Further response headers, by name. */
  readonly headers?: Readonly<Record<string, string>>
  /** What `acceptKey` gives for the key, when the host has a faster way to it. */
  readonly accept?: string
}

/**
 * The head of the 101 response that accepts `offer` (RFC 6455 §4.2.2).
 * Throws `UsageError` `ERR_ARGUMENT` for a subprotocol that was not offered or a header that HTTP does not allow.
 */
export function encodeUpgradeResponse(offer: UpgradeOffer, answer: UpgradeAnswer = {}): string {
  const { subprotocol, extensions = [], headers, accept = acceptKey(offer.key) } = answer
  let head =
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    `Sec-WebSocket-Accept: ${accept}\r\n`
  if (subprotocol !== undefined) {
    if (!offer.subprotocols.includes(subprotocol)) {
      throw new UsageError(
        'ERR_ARGUMENT',
        `Subprotocol ${JSON.stringify(subprotocol)} was not offered by the client; answer one of the offered, or none.`,
      )
    }
    head += `Sec-WebSocket-Protocol: ${subprotocol}\r\n`
  }
  if (extensions.length > 0) head += `Sec-WebSocket-Extensions: ${encodeExtensions(extensions)}\r\n`
  return headers === undefined ? `${head}\r\n` : `${head}${encodeFields(headers)}\r\n`
}

/** The whole HTTP/1.1 response that refuses an upgrade and ends the connection. */
export function encodeUpgradeRefusal(refusal: UpgradeRefusal, bodyBytes: number): string {
  return (
    `HTTP/1.1 ${refusal.status} ${REASON_PHRASES[refusal.status] ?? 'Refused'}\r\n` +
    `Connection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${bodyBytes}\r\n` +
    `${encodeFields(refusal.headers)}\r\n`
  )
}

/** Headers that the response itself sets; a caller's would contradict them. */
const OWN_HEADERS = [
  'connection',
  'content-length',
  'transfer-encoding',
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'sec-websocket-protocol',
]

/** Throws `UsageError` `ERR_ARGUMENT` for response headers that HTTP does not allow or that the handshake sets itself. */
export function assertResponseHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    if (OWN_HEADERS.includes(name.toLowerCase())) {
      throw new UsageError('ERR_ARGUMENT', `The response header ${name} is set by the handshake itself; leave it out.`)
    }
    if (!isToken(name) || !isFieldValue(value)) {
      throw new UsageError(
        'ERR_ARGUMENT',
        `The response header ${JSON.stringify(name)} is not allowed in HTTP: check its name and value.`,
      )
    }
  }
}

function encodeFields(headers: Readonly<Record<string, string>>): string {
  assertResponseHeaders(headers)
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')
}

const REASON_PHRASES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  426: 'Upgrade Required',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}
