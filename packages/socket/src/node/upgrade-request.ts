import type { IncomingMessage } from 'node:http'
import { HeaderFields, originForm, type RequestHead, type UpgradeOffer } from '../core/index.ts'
import type { Caller } from './admission.ts'
import type { ArrivedUpgrade } from './arrived-upgrade.ts'
import { ownText } from './own-text.ts'

/** An upgrade request that obeys RFC 6455 and our policies, for `authorize` to decide on. */
export interface UpgradeRequest {
  /** Path and query as they were sent. */
  readonly target: string
  /** Percent-encoded path, without the query. */
  readonly path: string
  /** The query. */
  readonly query: URLSearchParams
  readonly headers: HeaderFields
  /** Subprotocols that the client offers, most wanted first. */
  readonly subprotocols: readonly string[]
  /** The client's address; behind a trusted proxy what that says of it. IPv4 that is mapped into IPv6 comes as IPv4. */
  readonly remoteAddress: string
  /** Aborted when the client leaves or the handshake takes too long: stop deciding then. */
  readonly signal: AbortSignal
  /** The request as Node has it, for libraries that want one. A server of our own (`listen`) makes one when it is asked for. */
  readonly incoming: IncomingMessage
}

/** What of a Node request the opening handshake looks at. */
export function requestHead(incoming: IncomingMessage): RequestHead {
  return {
    method: incoming.method ?? '',
    target: incoming.url ?? '',
    httpVersion: incoming.httpVersion,
    headers: new HeaderFields(incoming.rawHeaders),
  }
}

/** The request as `authorize` sees it. What costs something is made when it is asked for. */
export class AskedUpgrade implements UpgradeRequest {
  readonly target: string
  readonly subprotocols: readonly string[]
  readonly remoteAddress: string
  readonly #arrived: ArrivedUpgrade
  readonly #pending: { readonly signal: AbortSignal }

  constructor(
    arrived: ArrivedUpgrade,
    offer: UpgradeOffer,
    { clientAddress }: Caller,
    pending: { readonly signal: AbortSignal },
  ) {
    this.target = originForm(arrived.head.target)
    this.subprotocols = offer.subprotocols.map(ownText)
    this.remoteAddress = clientAddress
    this.#arrived = arrived
    this.#pending = pending
  }

  get path(): string {
    return this.target.split('?', 1)[0] as string
  }

  get query(): URLSearchParams {
    const queryStart = this.target.indexOf('?')
    return new URLSearchParams(queryStart < 0 ? '' : this.target.slice(queryStart + 1))
  }

  get headers(): HeaderFields {
    return this.#arrived.headers
  }

  get signal(): AbortSignal {
    return this.#pending.signal
  }

  get incoming(): IncomingMessage {
    return this.#arrived.incoming
  }
}
