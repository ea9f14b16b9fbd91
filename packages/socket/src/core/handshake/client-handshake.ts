import { encodeBase64 } from '../bytes/base64.ts'
import { CloseCode } from '../error/close-code.ts'
import { ProtocolError, UsageError } from '../error/wigwag-error.ts'
import type { ExtensionChain } from '../extension/extension-chain.ts'
import { type ExtensionOffer, encodeExtensions, parseExtensions } from '../extension/extension-header.ts'
import type { MessageExtension } from '../extension/message-extension.ts'
import { confirmExtensions, offerExtensions } from '../extension/negotiate-extensions.ts'
import { isToken } from '../http/header-fields.ts'
import { isFieldValue, type ResponseHead } from '../http/http-head.ts'
import { acceptKey } from './accept-key.ts'
import { WEBSOCKET_VERSION } from './server-handshake.ts'

/** What a client asks for. */
export interface UpgradeWish {
  /** Path and query, as in the request line. */
  readonly target: string
  /** Host, with the port unless it is the scheme's default. */
  readonly host: string
  /** Subprotocols, most wanted first. */
  readonly subprotocols?: readonly string[]
  /** Extensions, most wanted first. */
  readonly extensions?: readonly MessageExtension[]
  /** Further request headers, by name. */
  readonly headers?: Readonly<Record<string, string>>
}

/** What the server agreed to. */
export interface UpgradeAgreement {
  readonly subprotocol: string | undefined
  /** The extensions in use, as the server answered them. */
  readonly extensions: readonly ExtensionOffer[]
  /** What they do to messages; none when there are none. */
  readonly chain: ExtensionChain | undefined
}

/** Headers that the handshake itself sets; a caller's would contradict them. */
const OWN_HEADERS = [
  'host',
  'upgrade',
  'connection',
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-extensions',
  'sec-websocket-protocol',
]

/** One opening handshake as a client makes it (RFC 6455 §4.1): the request, and the judgement of the response. */
export class ClientHandshake {
  readonly #wish: UpgradeWish
  readonly #key: string

  /**
   * `nonce` is 16 random bytes, new for each connection (§4.1 step 7).
   * Throws `UsageError` `ERR_ARGUMENT` for subprotocols or headers that HTTP does not allow.
   */
  constructor(wish: UpgradeWish, nonce: Uint8Array) {
    checkWish(wish)
    this.#wish = wish
    this.#key = encodeBase64(nonce)
  }

  /** The `Sec-WebSocket-Key`, for who sends the request by other means than `encodeRequest`. */
  get key(): string {
    return this.#key
  }

  /** The request head to send. */
  encodeRequest(): string {
    const { target, host, subprotocols = [], extensions = [], headers = {} } = this.#wish
    let head =
      `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Key: ${this.#key}\r\nSec-WebSocket-Version: ${WEBSOCKET_VERSION}\r\n`
    // Without spaces, which §4.1 does not ask for: websockify takes them for part of the second name.
    if (subprotocols.length > 0) head += `Sec-WebSocket-Protocol: ${subprotocols.join(',')}\r\n`
    if (extensions.length > 0) head += `Sec-WebSocket-Extensions: ${encodeExtensions(offerExtensions(extensions))}\r\n`
    for (const [name, value] of Object.entries(headers)) head += `${name}: ${value}\r\n`
    return `${head}\r\n`
  }

  /** Judges the response by §4.1 items 1 to 6. Returns what was agreed, or the fault. */
  judge(response: ResponseHead): UpgradeAgreement | ProtocolError {
    const { status, headers } = response
    if (status !== 101) {
      return new ProtocolError(
        'ERR_HANDSHAKE_REFUSED',
        `The server refused the upgrade: HTTP ${status}${response.statusText === '' ? '' : ` ${response.statusText}`}.`,
        CloseCode.abnormal,
      )
    }
    if (Number(response.httpVersion) < 1.1) return wrong(`it is HTTP/${response.httpVersion}`)
    if (headers.get('upgrade')?.toLowerCase() !== 'websocket') return wrong('its Upgrade is not "websocket"', 'upgrade')
    if (!headers.lists('connection', 'upgrade')) return wrong('its Connection does not list "Upgrade"', 'connection')
    const accept = headers.all('sec-websocket-accept')
    if (accept.length !== 1 || accept[0] !== acceptKey(this.#key))
      return wrong('its Sec-WebSocket-Accept does not match the key', 'sec-websocket-accept')
    return this.#judgeNegotiated(response)
  }

  #judgeNegotiated({ headers }: ResponseHead): UpgradeAgreement | ProtocolError {
    const accepted = parseExtensions(headers.get('sec-websocket-extensions') ?? '')
    if ('fault' in accepted)
      return wrong(`its Sec-WebSocket-Extensions is malformed: ${accepted.fault}`, 'sec-websocket-extensions')
    const negotiated = confirmExtensions(accepted.offers, this.#wish.extensions ?? [])
    if ('fault' in negotiated) return wrong(negotiated.fault, 'sec-websocket-extensions')
    const subprotocols = headers.all('sec-websocket-protocol')
    const subprotocol = subprotocols[0]
    if (subprotocols.length > 1) return wrong('it selects more than one subprotocol', 'sec-websocket-protocol')
    if (subprotocol !== undefined && !(this.#wish.subprotocols ?? []).includes(subprotocol)) {
      return wrong(
        `it selects the subprotocol ${JSON.stringify(subprotocol)}, which was not offered`,
        'sec-websocket-protocol',
      )
    }
    return { subprotocol, extensions: negotiated.answer, chain: negotiated.chain }
  }
}

function checkWish({ target, host, subprotocols = [], headers = {} }: UpgradeWish): void {
  if (!/^\/[\x21-\x7e]*$/.test(target) || target.includes('#'))
    throw usage(`The request-target ${JSON.stringify(target)} is no path`)
  if (!/^[\x21-\x7e]+$/.test(host)) throw usage(`The host ${JSON.stringify(host)} is malformed`)
  const notToken = subprotocols.find((name) => !isToken(name))
  if (notToken !== undefined) throw usage(`The subprotocol ${JSON.stringify(notToken)} is no token (RFC 9110 §5.6.2)`)
  if (new Set(subprotocols).size !== subprotocols.length) throw usage('A subprotocol is offered twice')
  for (const [name, value] of Object.entries(headers)) {
    if (!isToken(name) || !isFieldValue(value)) throw usage(`The header ${JSON.stringify(name)} is not allowed in HTTP`)
    if (OWN_HEADERS.includes(name.toLowerCase())) throw usage(`The header ${name} is set by the handshake itself`)
  }
}

function usage(what: string): UsageError {
  return new UsageError('ERR_ARGUMENT', `${what}.`)
}

function wrong(what: string, header?: string): ProtocolError {
  return new ProtocolError(
    'ERR_HANDSHAKE_RESPONSE',
    `The server answered the upgrade wrongly: ${what} (RFC 6455 §4.1). Check that the URL is a WebSocket endpoint.`,
    CloseCode.abnormal,
    header === undefined ? {} : { header },
  )
}
