import { isIPv4, isIPv6, SocketAddress } from 'node:net'
import type { DriverSocket } from './driver-socket.ts'

/** How the peer of a Unix socket is called, which has no address. nginx calls it so, too. */
export const UNIX_PEER = 'unix:'

/** An IP address in one spelling: IPv4 that is mapped into IPv6 as IPv4, without zone. `undefined` when it is none. */
export function parseAddress(text: string): string | undefined {
  if (isIPv4(text)) return text
  const address = text.split('%', 1)[0] as string
  if (!isIPv6(address)) return undefined
  // Shortest form, in lower case; a mapped address ends in its IPv4 form.
  const canonical = new SocketAddress({ address, family: 'ipv6' }).address
  const mapped = canonical.startsWith('::ffff:') ? canonical.slice(7) : ''
  return isIPv4(mapped) ? mapped : canonical
}

/** The same of an entry of `X-Forwarded-For`, where some proxies add a port. */
export function parseForwardedAddress(text: string): string | undefined {
  const [, bracketed] = /^\[([^\]]+)\](?::\d+)?$/.exec(text) ?? []
  const [, withPort] = /^([\d.]+):\d+$/.exec(text) ?? []
  return parseAddress(bracketed ?? withPort ?? text)
}

/** The address at the other end of `socket`; empty when that is gone. */
export function peerAddress(socket: Pick<DriverSocket, 'remoteAddress' | 'localAddress' | 'destroyed'>): string {
  const { remoteAddress } = socket
  if (remoteAddress !== undefined) return parseAddress(remoteAddress) ?? remoteAddress
  // A TCP socket whose peer is gone still has an address of its own.
  return socket.localAddress === undefined && !socket.destroyed ? UNIX_PEER : ''
}

/** What one client is counted by: an IPv4 address, or the /64 that an IPv6 host has to itself. */
export function addressGroup(address: string): string {
  if (!isIPv6(address)) return address
  const [head = '', tail] = address.split('::')
  const first = head === '' ? [] : head.split(':')
  const missing = tail === undefined ? 0 : 8 - first.length - (tail === '' ? 0 : tail.split(':').length)
  const groups = [...first, ...Array.from({ length: missing }, () => '0'), ...(tail ?? '').split(':')]
  return `${groups.slice(0, 4).join(':')}::/64`
}
