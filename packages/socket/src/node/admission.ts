import type { IncomingMessage, ServerResponse } from 'node:http'
import { type AddressPort, findClientAddress, type HeaderFields, type Peer, UsageError } from '../core/index.ts'
import { AddressLimits, type ConnectionPlace, PLACES } from './address-limits.ts'
import { type AdmissionOptions, type ResolvedAdmissionOptions, resolveAdmissionOptions } from './admission-options.ts'
import type { DriverSocket } from './driver-socket.ts'
import { addressGroup, parseForwardedAddress, peerAddress } from './ip-address.ts'
import { ownText } from './own-text.ts'
import { Refusal, refuse } from './refusal.ts'
import { onRequestEnd } from './request-end.ts'
import { whenClosed } from './socket-io.ts'

/** Who sent a request. */
export interface Caller {
  /** Who is at the other end of the connection: the client, or a proxy in front of it. */
  readonly peer: Peer
  /** The client's address: the peer's, or what a trusted proxy says of it. */
  readonly clientAddress: string
}

/** What an admission counted. */
export interface AdmissionStats {
  /** Connections that are open now: WebSockets, event streams, requests that are being answered. */
  readonly connections: number
  /** Addresses that are remembered now. */
  readonly addresses: number
  /** Requests and upgrades that were refused for a limit. */
  readonly refused: number
}

/**
 * The first door: finds a client's address behind trusted proxies, and counts connections and requests, per address and
 * in total. Servers that share one admission share its counts.
 */
export class Admission {
  readonly #options: ResolvedAdmissionOptions
  readonly #limits: AddressLimits
  readonly #addresses: AddressPort
  /** What to call when a connection of an address is closed: one function for all of them, because sockets keep it. */
  readonly #leave = {
    own: new Map<string | undefined, () => void>(),
    beside: new Map<string | undefined, () => void>(),
  }
  #lastCaller: Caller = { peer: { address: '', trusted: false }, clientAddress: '' }
  #lastGroup: { readonly clientAddress: string; readonly group: string | undefined } | undefined
  readonly #connections = { own: 0, beside: 0 }
  #refused = 0

  /** `now` is a monotonic clock in milliseconds. Throws `UsageError` `ERR_OPTION` for an option out of range. */
  constructor(options: AdmissionOptions = {}, now: () => number = () => performance.now()) {
    this.#options = resolveAdmissionOptions(options)
    this.#limits = new AddressLimits(this.#options.addressLimits, now)
    const { trustedProxies } = this.#options
    this.#addresses = { parse: parseForwardedAddress, trusts: (address) => trustedProxies.has(address) }
  }

  /** What happened so far. */
  get stats(): AdmissionStats {
    return {
      connections: this.#connections.own + this.#connections.beside,
      addresses: this.#limits.size,
      refused: this.#refused,
    }
  }

  /** Who sent a request. */
  callerOf(incoming: IncomingMessage): Caller {
    return this.#callerOf(peerAddress(incoming.socket), () => listOf(incoming.headers['x-forwarded-for']))
  }

  /**
   * Counts a plain request, until it has been answered whole. Returns the answer if it is one too many. To be called before
   * anything else is done for it. One `'beside'` belongs to a connection that is counted for itself: there may be twice as many
   * of them, or whoever has as many connections as it may could say nothing on them.
   */
  admitRequest(
    incoming: IncomingMessage,
    response: ServerResponse,
    place: ConnectionPlace = 'own',
  ): Refusal | undefined {
    const isForwarded = incoming.headers['x-forwarded-for'] !== undefined
    const entered = this.#enter(this.callerOf(incoming), isForwarded, true, place)
    if (entered instanceof Refusal) return entered
    onRequestEnd(incoming, response, entered)
    return undefined
  }

  /**
   * Counts what outlasts the request that it came with, as a session that is polled, for a connection of its client. Returns
   * what to call when it is over, or the answer if it is one too many.
   */
  admitLasting(incoming: IncomingMessage): (() => void) | Refusal {
    return this.#enter(this.callerOf(incoming), incoming.headers['x-forwarded-for'] !== undefined, false)
  }

  /** The same for an upgrade, which counts until its socket is closed. Returns who sent it, or the answer. */
  admitUpgrade(headers: HeaderFields, socket: DriverSocket): Caller | Refusal {
    const caller = this.#callerOf(peerAddress(socket), () => headers.list('x-forwarded-for'))
    const entered = this.#enter(caller, headers.has('x-forwarded-for'))
    if (entered instanceof Refusal) return entered
    whenClosed(socket, entered)
    return caller
  }

  #callerOf(address: string, forwardedFor: () => readonly string[]): Caller {
    // Mostly it is who came before, or the proxy that all come through.
    if (this.#lastCaller.peer.address !== address) {
      const peer: Peer = { address, trusted: this.#options.trustedProxies.has(address) }
      this.#lastCaller = { peer, clientAddress: address }
    }
    const { peer } = this.#lastCaller
    if (!peer.trusted) return this.#lastCaller
    return { peer, clientAddress: ownText(findClientAddress(peer, forwardedFor(), this.#addresses)) }
  }

  /** What a client is counted by; none for those who are not limited. */
  #groupOf(clientAddress: string): string | undefined {
    if (this.#lastGroup?.clientAddress !== clientAddress) {
      const { exempt } = this.#options.addressLimits
      const group = exempt === 'any' || exempt.has(clientAddress) ? undefined : addressGroup(clientAddress)
      this.#lastGroup = { clientAddress, group }
    }
    return this.#lastGroup.group
  }

  /** Counts a connection. Returns what to call when it is over, or the answer if it is one too many. */
  #enter(
    { clientAddress, peer }: Caller,
    forwarded: boolean,
    isRequest = true,
    place: ConnectionPlace = 'own',
  ): (() => void) | Refusal {
    const group = this.#groupOf(clientAddress)
    const refusal = this.#check(group, isRequest, place)
    if (refusal !== undefined) {
      this.#refused++
      const hint = forwarded ? describeHiddenClients(peer) : ''
      return refuse(refusal.status, refusal.message + hint, refusal.headers)
    }
    this.#connections[place]++
    return this.#leaveOf(group, place)
  }

  #leaveOf(group: string | undefined, place: ConnectionPlace): () => void {
    const known = this.#leave[place].get(group)
    if (known !== undefined) return known
    const leave = (): void => {
      this.#connections[place]--
      if (group === undefined || !this.#limits.closeConnection(group, place)) return
      this.#leave.own.delete(group)
      this.#leave.beside.delete(group)
    }
    this.#leave[place].set(group, leave)
    return leave
  }

  /** Takes a connection for `group`, and a request if it is one; those who are exempt belong to none. */
  #check(group: string | undefined, isRequest: boolean, place: ConnectionPlace): Refusal | undefined {
    const { maxConnections, addressLimits } = this.#options
    const waitMs = group === undefined || !isRequest ? 0 : this.#limits.takeRequest(group)
    if (group !== undefined && waitMs > 0) {
      const { maxRequestsPerSecond, maxBurst } = addressLimits
      return refuse(
        429,
        `Too many requests from ${group}: more than ${maxRequestsPerSecond} per second, and than the burst of ${maxBurst}. ` +
          'Wait, or raise addressLimits.maxRequestsPerSecond (--max-address-requests) and maxBurst (--max-address-burst).',
        { 'retry-after': String(Math.ceil(waitMs / 1000)) },
      )
    }
    if (this.#connections[place] >= maxConnections * PLACES[place]) {
      return refuse(
        503,
        `The server is full: ${maxConnections} connections are open. Try again later, or raise maxConnections (--max-connections).`,
        { 'retry-after': RETRY_AFTER_S },
      )
    }
    if (group === undefined || this.#limits.openConnection(group, place)) return undefined
    return refuse(
      429,
      `Too many connections from ${group}: ${addressLimits.maxConnections} are open. ` +
        'Close some, or raise addressLimits.maxConnections (--max-address-connections).',
      { 'retry-after': RETRY_AFTER_S },
    )
  }
}

/** The admission that a server is given, or one of its own. Throws `UsageError` `ERR_OPTION` as `Admission` does, and when there is both. */
export function resolveAdmission(
  options: AdmissionOptions & { readonly admission?: Admission | undefined },
): Admission {
  const { admission, trustedProxies, addressLimits, maxConnections } = options
  if (admission === undefined) return new Admission(options)
  const own = Object.entries({ trustedProxies, addressLimits, maxConnections }).find(([, value]) => value !== undefined)
  if (own === undefined) return admission
  throw new UsageError('ERR_OPTION', `Option ${own[0]} belongs to the admission that is given; leave one of them out.`)
}

/** When to try again, in seconds, where nobody knows when a place will be free. */
const RETRY_AFTER_S = '5'

function listOf(header: string | readonly string[] | undefined): readonly string[] {
  const lines = header === undefined ? [] : [header].flat()
  return lines.flatMap((line) => line.split(',').map((entry) => entry.trim())).filter((entry) => entry !== '')
}

/** Everybody behind a proxy that is not trusted counts as one client. */
function describeHiddenClients({ address, trusted }: Peer): string {
  if (trusted) return ''
  return ` If ${address} is a proxy of yours, add it to trustedProxies (--trusted-proxy ${address}), so that its clients are told apart.`
}
