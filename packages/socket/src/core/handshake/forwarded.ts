import type { HeaderFields } from '../http/header-fields.ts'

/** Who is at the other end of the TCP connection that a request came in on. */
export interface Peer {
  /** Its address, to name it in answers. */
  readonly address: string
  /** Whether it is a proxy of ours: only then is what it says in `X-Forwarded-…` believed. */
  readonly trusted: boolean
}

/** A peer of which nothing is known: what it forwards is ignored. */
export const UNKNOWN_PEER: Peer = { address: '', trusted: false }

/** What the host knows of addresses. */
export interface AddressPort {
  /** The address in one spelling, without a port; `undefined` when it is none. */
  parse(text: string): string | undefined
  /** Whether a proxy of ours has this address. */
  trusts(address: string): boolean
}

/**
 * The client's address. Each proxy appends whom it heard (`X-Forwarded-For`), so the list is walked from the right, past
 * proxies of ours; what stands left of the first address that is not ours anybody can have written. An entry that is no
 * address ends the walk at the proxy which wrote it.
 */
export function findClientAddress(peer: Peer, forwardedFor: readonly string[], port: AddressPort): string {
  let client = peer.address
  if (!peer.trusted) return client
  for (let i = forwardedFor.length - 1; i >= 0; i--) {
    const address = port.parse(forwardedFor[i] as string)
    if (address === undefined) return client
    client = address
    if (!port.trusts(address)) return client
  }
  return client
}

/** The host that the client asked for: `Host`, or what a proxy of ours says that it was, in the header which says so. */
export function requestedHost(headers: HeaderFields, peer: Peer): { readonly header: string; readonly value: string } {
  // The last value is what our own proxy wrote; those before it came from further away.
  const forwarded = peer.trusted ? headers.list('x-forwarded-host').at(-1) : undefined
  return forwarded === undefined
    ? { header: 'Host', value: headers.get('host') ?? '' }
    : { header: 'X-Forwarded-Host', value: forwarded }
}
