import {
  assertResponseHeaders,
  checkNumberOption,
  type HostPolicy,
  isToken,
  type OriginPolicy,
  UsageError,
  withoutUndefined,
} from '../core/index.ts'
import type { Admission } from './admission.ts'
import type { AdmissionOptions } from './admission-options.ts'
import type { ExtensionOptions } from './extension-options.ts'
import type { SocketOptions } from './socket-options.ts'

/** What a server asks of an opening handshake, and how its sockets behave. */
export interface ServerOptions extends SocketOptions, AdmissionOptions, ExtensionOptions {
  /** The only path answered, as it stands in the request. Default: every path. */
  readonly path?: string
  /** The subprotocols we speak; of those a client offers, its first that is one of them is chosen. Default: none. */
  readonly subprotocols?: readonly string[]
  /** Which web pages may connect: `'same-origin'` (default), a list of origins besides it, or `'any'`. Others get 403. */
  readonly allowOrigins?: OriginPolicy
  /** Which `Host` names are answered. Default: loopback names when listening on loopback, against DNS rebinding; any otherwise. A list is allowed besides loopback names. Others get 403. */
  readonly allowHosts?: HostPolicy
  /** Counts that are shared with other servers, instead of `trustedProxies`, `addressLimits` and `maxConnections`. Default: counts of its own. */
  readonly admission?: Admission
  /** How long an opening handshake may take, authorisation included, in milliseconds. Default 10,000. After that: 503. */
  readonly handshakeTimeoutMs?: number
  /** Further headers of the answer that accepts an upgrade (101), by name. Default: none. */
  readonly upgradeHeaders?: Readonly<Record<string, string>>
  /** Largest request head accepted by a server of our own (`listen`), in bytes. Default 16 KiB. Above it: 431. */
  readonly maxHeaderBytes?: number
}

/** The options that the server itself looks at, with every default filled in. */
export interface ResolvedServerOptions {
  readonly path: string | undefined
  readonly subprotocols: readonly string[]
  readonly allowOrigins: OriginPolicy
  readonly allowHosts: HostPolicy | undefined
  readonly handshakeTimeoutMs: number
  readonly upgradeHeaders: Readonly<Record<string, string>> | undefined
  readonly maxHeaderBytes: number
}

const DEFAULTS = {
  path: undefined,
  subprotocols: [],
  allowOrigins: 'same-origin',
  allowHosts: undefined,
  handshakeTimeoutMs: 10_000,
  upgradeHeaders: undefined,
  maxHeaderBytes: 16 * 1024,
} as const

/** Fills in the defaults. Throws `UsageError` `ERR_OPTION` that names the option and what it takes. */
export function resolveServerOptions(options: ServerOptions): ResolvedServerOptions {
  const { path, subprotocols, allowOrigins, allowHosts, handshakeTimeoutMs } = options
  const { upgradeHeaders, maxHeaderBytes } = options
  const given = { path, subprotocols, allowOrigins, allowHosts, handshakeTimeoutMs, upgradeHeaders, maxHeaderBytes }
  const resolved: ResolvedServerOptions = { ...DEFAULTS, ...withoutUndefined(given) }
  checkNumberOption('handshakeTimeoutMs', resolved.handshakeTimeoutMs, 1)
  checkNumberOption('maxHeaderBytes', resolved.maxHeaderBytes, 1)
  if (resolved.path !== undefined && !resolved.path.startsWith('/')) {
    throw new UsageError('ERR_OPTION', `Option path must start with "/"; it is ${JSON.stringify(resolved.path)}.`)
  }
  const notToken = resolved.subprotocols.find((name) => !isToken(name))
  if (notToken !== undefined) {
    throw new UsageError(
      'ERR_OPTION',
      `Option subprotocols has ${JSON.stringify(notToken)}, which is no token (RFC 9110 §5.6.2).`,
    )
  }
  checkOrigins(resolved.allowOrigins)
  if (resolved.upgradeHeaders !== undefined) checkHeaders(resolved.upgradeHeaders)
  return resolved
}

function checkOrigins(origins: OriginPolicy): void {
  if (typeof origins === 'string') return
  // 'null' is what sandboxed pages and files say of themselves.
  const malformed = origins.find(
    (origin) => origin !== 'null' && (!URL.canParse(origin) || new URL(origin).origin !== origin),
  )
  if (malformed === undefined) return
  throw new UsageError(
    'ERR_OPTION',
    `Option allowOrigins has ${JSON.stringify(malformed)}; an origin is scheme, host and port: "https://app.example.com".`,
  )
}

function checkHeaders(headers: Readonly<Record<string, string>>): void {
  try {
    assertResponseHeaders(headers)
  } catch (error) {
    throw new UsageError('ERR_OPTION', `Option upgradeHeaders: ${(error as Error).message}`)
  }
}
