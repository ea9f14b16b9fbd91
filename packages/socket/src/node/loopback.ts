import type { Server } from 'node:net'
import { type HostPolicy, LOOPBACK_HOSTS } from '../core/index.ts'

/** Whether an address belongs to the machine itself: 127.0.0.0/8, ::1, or the former mapped into IPv6. */
export function isLoopbackAddress(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127(\.\d{1,3}){3}$/.test(address) || address === 'localhost'
}

/**
 * The Host policy of a server: what was asked for; by default only loopback names when it listens on loopback (against
 * DNS rebinding), any name otherwise. Names that are asked for are allowed besides those of loopback.
 */
export function hostPolicyOf(server: Server | undefined, asked: HostPolicy | undefined): HostPolicy {
  if (asked === 'any') return 'any'
  if (asked !== undefined && asked.length > 0) return [...LOOPBACK_HOSTS, ...asked]
  return server !== undefined && listensOnLoopback(server) ? LOOPBACK_HOSTS : 'any'
}

/** What is known of servers that listen: asking the system takes longer than all other rules of a handshake together. */
const known = new WeakMap<Server, boolean>()

function listensOnLoopback(server: Server): boolean {
  const before = known.get(server)
  if (before !== undefined) return before
  const address = server.address()
  const isLoopback = typeof address === 'object' && address !== null && isLoopbackAddress(address.address)
  if (address === null) return false // it does not listen yet
  known.set(server, isLoopback)
  // It may listen again, elsewhere.
  server.once('listening', () => known.delete(server))
  return isLoopback
}
