import type { IncomingMessage } from 'node:http'
import { HeaderFields, originForm, type RequestHead, type UpgradeOffer } from '../core/index.ts'
import type { Caller } from './admission.ts'

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
  /** The request as Node has it, for libraries that want one. */
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

/** An upgrade that passed every rule. */
export interface AskedUpgrade {
  readonly head: RequestHead
  readonly offer: UpgradeOffer
  readonly incoming: IncomingMessage
  readonly caller: Caller
}

/** The request as `authorize` sees it. */
export function createUpgradeRequest(
  { head, offer, incoming, caller }: AskedUpgrade,
  pending: { readonly signal: AbortSignal },
): UpgradeRequest {
  const target = originForm(head.target)
  const queryStart = target.indexOf('?')
  return {
    target,
    path: queryStart < 0 ? target : target.slice(0, queryStart),
    // Made when they are asked for: an upgrade that nobody decides on needs neither.
    get query() {
      return new URLSearchParams(queryStart < 0 ? '' : target.slice(queryStart + 1))
    },
    headers: head.headers,
    subprotocols: offer.subprotocols,
    remoteAddress: caller.clientAddress,
    get signal() {
      return pending.signal
    },
    incoming,
  }
}
