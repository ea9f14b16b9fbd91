import type { UpgradeTarget } from './upgrade-target.ts'

/** Headers that tell who asks: they are not for another host. */
const CREDENTIALS = ['authorization', 'cookie']

/** What a client may send along when it follows a redirect from `first` to `next`. */
export interface Carried {
  readonly headers: Readonly<Record<string, unknown>>
  /** Whether credentials of the URL are sent. */
  readonly auth: boolean
}

/**
 * Drops credentials (and a `Host` that was set by hand) when a redirect leads to another host, and credentials when it leads
 * from TLS to a plain connection: the program gave them to the host that it named.
 */
export function carryHeaders(
  first: UpgradeTarget,
  next: UpgradeTarget,
  headers: Readonly<Record<string, unknown>>,
): Carried {
  const sameHost =
    first.socketPath === undefined
      ? next.socketPath === undefined && next.host === first.host
      : next.socketPath === first.socketPath
  if (sameHost && (next.secure || !first.secure)) return { headers, auth: true }
  const dropped = sameHost ? CREDENTIALS : [...CREDENTIALS, 'host']
  return {
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.includes(name.toLowerCase()))),
    auth: false,
  }
}
