import { isIPv4, isIPv6 } from 'node:net'
import { ProgramsError } from '../programs-error.ts'

/** Where a bridge leads: a TCP port, or a unix socket. */
export type BridgeTarget =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

const UNIX = 'unix:'
/** A name as DNS and hosts files have it. Linear: one class. */
const NAME = /^[a-z0-9._-]+$/

/**
 * Reads `HOST:PORT`, `[IPV6]:PORT` or `unix:/path`. What names the same thing becomes the same: names in lower case, IPv6 as
 * RFC 5952 has it. Returns nothing for anything else.
 */
export function parseTarget(text: string): BridgeTarget | undefined {
  if (text.startsWith(UNIX)) {
    const path = text.slice(UNIX.length)
    return path.startsWith('/') && !path.includes('\0') ? { kind: 'unix', path } : undefined
  }
  const colon = text.lastIndexOf(':')
  const port = parsePort(text.slice(colon + 1))
  const host = colon < 0 ? undefined : parseHost(text.slice(0, colon))
  return host === undefined || port === undefined ? undefined : { kind: 'tcp', host, port }
}

/** The same, for an option. Throws `ProgramsError` `ERR_PROGRAM_OPTION` that names it. */
export function requireTarget(option: string, text: string): BridgeTarget {
  const target = parseTarget(text)
  if (target !== undefined) return target
  throw new ProgramsError(
    'ERR_PROGRAM_OPTION',
    `Option ${option} takes HOST:PORT, [IPV6]:PORT or unix:/path; it is ${JSON.stringify(text)}.`,
  )
}

/** How `parseTarget` reads it back. Two texts are equal when they name the same target. */
export function formatTarget(target: BridgeTarget): string {
  if (target.kind === 'unix') return `${UNIX}${target.path}`
  return `${isIPv6(target.host) ? `[${target.host}]` : target.host}:${target.port}`
}

function parsePort(text: string): number | undefined {
  const port = Number(text)
  return /^[1-9]\d{0,4}$/.test(text) && port <= 65_535 ? port : undefined
}

function parseHost(text: string): string | undefined {
  if (text.startsWith('[') && text.endsWith(']')) {
    const address = text.slice(1, -1)
    // A zone (fe80::1%eth0) is no part of a URL's address, and of no other machine's concern.
    return isIPv6(address) && !address.includes('%') ? new URL(`http://[${address}]`).hostname.slice(1, -1) : undefined
  }
  const name = text.toLowerCase()
  if (isIPv4(name)) return name
  return NAME.test(name) && name.length <= 253 ? name : undefined
}
