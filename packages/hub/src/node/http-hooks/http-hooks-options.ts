import { createSecretKey, type KeyObject } from 'node:crypto'
import type { SecureContextOptions } from 'node:tls'
import { checkNumberOption } from '../../broker/history-options.ts'
import { HubError } from '../../error/hub-error.ts'
import { checkForwardable } from './forwarded-headers.ts'
import type { HookError } from './hook-error.ts'
import { HOOK_NAMES, type HookName } from './hook-name.ts'

/** Where a hook is, and what else is different for it. */
export interface HookTarget {
  readonly url: string | URL
  /** As `timeoutMs` of all hooks. */
  readonly timeoutMs?: number
  /** As `maxConcurrentCalls` of all hooks. */
  readonly maxConcurrentCalls?: number
  /** As `maxQueuedCalls` of all hooks. */
  readonly maxQueuedCalls?: number
}

/** Which hooks there are, and how they are called. Each is a URL of the back end, or an object with one. */
export interface HttpHooksOptions {
  /** Asked who a client is that connects. */
  readonly connect?: string | URL | HookTarget
  /** Asked whether a session goes on whose time is up. Default: such a session ends, and connects anew. */
  readonly refresh?: string | URL | HookTarget
  /** Asked whether a session may subscribe to a channel. */
  readonly subscribe?: string | URL | HookTarget
  /** Asked whether a subscription goes on whose time is up, or whose user has new credentials. Default: `subscribe` is asked. */
  readonly subRefresh?: string | URL | HookTarget
  /** Asked whether a session may publish to a channel, and what. */
  readonly publish?: string | URL | HookTarget
  /** Answers calls of clients. */
  readonly rpc?: string | URL | HookTarget
  /** Told of sessions that have ended. */
  readonly disconnected?: string | URL | HookTarget
  /** Signs every call, so that the back end knows who calls: 32 bytes or more; several while it is changed. Default: no signature. */
  readonly secret?: string | Uint8Array | readonly (string | Uint8Array)[]
  /** How long a call may take until its answer has come whole, in milliseconds. Default 1000. After that: error 100, to be tried again. */
  readonly timeoutMs?: number
  /** Most calls of one hook at one time (count). Default 64. Above it they wait, in their order. */
  readonly maxConcurrentCalls?: number
  /** Most calls of one hook that wait (count). Default 1024, and 100,000 of `disconnected`. Above it: error 100, to be tried again. */
  readonly maxQueuedCalls?: number
  /** Most characters of calls of one hook that run or wait. Default 16 Mi. Above it: the same. */
  readonly maxQueuedCharacters?: number
  /** Largest answer, in bytes. Default 256 KiB. Above it: error 100. */
  readonly maxAnswerBytes?: number
  /** How often a call is tried that no client waits for (count): `refresh`, `subRefresh`, `disconnected`. Default 3. The others: once. */
  readonly maxAttempts?: number
  /** How long is waited before the second try, in milliseconds; before each later one twice as long. Default 500, give or take a half. */
  readonly retryDelayMs?: number
  /** How long `close` waits for what `disconnected` has not been told yet, in milliseconds. Default 3000. Then it is lost. */
  readonly closeTimeoutMs?: number
  /**
   * Headers of the client's request that go along with `connect`. Default `authorization`, `cookie`, `origin`,
   * `user-agent` and `x-request-id`. What concerns one connection alone, or what the hub says itself, cannot be named.
   */
  readonly forwardHeaders?: readonly string[]
  /** Whether `http:` URLs may lead to other machines: in the clear, whoever is in between decides. Default `'loopback'`: they may not. */
  readonly plainHttp?: 'loopback' | 'anywhere'
  /** The back end's certificate authority, and what this hub shows of itself, as Node's `tls` takes them. */
  readonly tls?: Pick<SecureContextOptions, 'ca' | 'cert' | 'key'>
  /** Told of each call that came to nothing. What it throws is lost. */
  readonly onFailure?: (error: HookError) => void
}

/** A hook with every default filled in. */
export type ResolvedHook = Required<HookTarget> & { readonly url: URL }

/** `HttpHooksOptions` with every default filled in. */
export interface ResolvedHttpHooksOptions {
  readonly hooks: Readonly<Partial<Record<HookName, ResolvedHook>>>
  readonly secrets: readonly KeyObject[]
  readonly maxQueuedCharacters: number
  readonly maxAnswerBytes: number
  readonly maxAttempts: number
  readonly retryDelayMs: number
  readonly closeTimeoutMs: number
  readonly forwardHeaders: readonly string[]
  readonly tls: Pick<SecureContextOptions, 'ca' | 'cert' | 'key'>
  readonly onFailure: (error: HookError) => void
}

const DEFAULTS = {
  timeoutMs: 1_000,
  maxConcurrentCalls: 64,
  maxQueuedCalls: 1_024,
  maxQueuedCharacters: 16 * 1024 * 1024,
  maxAnswerBytes: 256 * 1024,
  maxAttempts: 3,
  retryDelayMs: 500,
  closeTimeoutMs: 3_000,
} as const

/** Of `disconnected`: a node whose sessions all end at once has that many to tell. */
const MAX_QUEUED_ENDS = 100_000

const FORWARD_HEADERS = ['authorization', 'cookie', 'origin', 'user-agent', 'x-request-id']

/** As HMAC with SHA-256 wants it (RFC 2104 §3). */
const LEAST_SECRET_BYTES = 32

/** Lowest value of each option that is a number. */
const LOWEST: Readonly<Record<keyof typeof DEFAULTS, number>> = {
  timeoutMs: 1,
  maxConcurrentCalls: 1,
  maxQueuedCalls: 0,
  maxQueuedCharacters: 0,
  maxAnswerBytes: 1,
  maxAttempts: 1,
  retryDelayMs: 0,
  closeTimeoutMs: 0,
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/

/** Fills in the defaults. Throws `HubError` `ERR_OPTION` that names the option and what it takes. */
export function resolveHttpHooksOptions(options: HttpHooksOptions): ResolvedHttpHooksOptions {
  const numbers = resolveNumbers(options)
  const { plainHttp = 'loopback', forwardHeaders = FORWARD_HEADERS, tls = {}, onFailure = () => {} } = options
  if (plainHttp !== 'loopback' && plainHttp !== 'anywhere') {
    throw new HubError('ERR_OPTION', "Option plainHttp is 'loopback' or 'anywhere'.")
  }
  const hooks: Partial<Record<HookName, ResolvedHook>> = {}
  for (const name of HOOK_NAMES) {
    const given = options[name]
    if (given !== undefined) hooks[name] = resolveHook(name, given, options, plainHttp)
  }
  if (Object.keys(hooks).length === 0) {
    throw new HubError('ERR_OPTION', `httpHooks() needs the URL of one hook at least: ${HOOK_NAMES.join(', ')}.`)
  }
  return {
    ...numbers,
    hooks,
    secrets: resolveSecrets(options.secret),
    forwardHeaders: forwardHeaders.map(checkForwardable),
    tls,
    onFailure,
  }
}

function resolveNumbers(options: HttpHooksOptions): Record<keyof typeof DEFAULTS, number> {
  const resolved: Record<string, number> = {}
  for (const [name, lowest] of Object.entries(LOWEST) as [keyof typeof DEFAULTS, number][]) {
    const value = options[name] ?? DEFAULTS[name]
    checkNumberOption(name, value, lowest)
    resolved[name] = value
  }
  return resolved as Record<keyof typeof DEFAULTS, number>
}

function resolveHook(
  name: HookName,
  given: string | URL | HookTarget,
  options: HttpHooksOptions,
  plainHttp: 'loopback' | 'anywhere',
): ResolvedHook {
  const target = typeof given === 'string' || given instanceof URL ? { url: given } : given
  const resolved = {
    timeoutMs: target.timeoutMs ?? options.timeoutMs ?? DEFAULTS.timeoutMs,
    maxConcurrentCalls: target.maxConcurrentCalls ?? options.maxConcurrentCalls ?? DEFAULTS.maxConcurrentCalls,
    maxQueuedCalls:
      target.maxQueuedCalls ??
      options.maxQueuedCalls ??
      (name === 'disconnected' ? MAX_QUEUED_ENDS : DEFAULTS.maxQueuedCalls),
  }
  for (const [option, value] of Object.entries(resolved)) {
    checkNumberOption(`${name}.${option}`, value, LOWEST[option as keyof typeof resolved])
  }
  return { ...resolved, url: checkUrl(name, target.url, plainHttp) }
}

/** Whoever can change an answer lets in whom they like. */
function checkUrl(name: HookName, given: string | URL, plainHttp: 'loopback' | 'anywhere'): URL {
  let url: URL
  try {
    url = new URL(given)
  } catch {
    throw new HubError('ERR_OPTION', `Option ${name} must be a URL.`)
  }
  if (url.username !== '' || url.password !== '') {
    throw new HubError('ERR_OPTION', `Option ${name} takes no user name or password in its URL: use secret instead.`)
  }
  const isPlain = url.protocol === 'http:' && (plainHttp === 'anywhere' || LOOPBACK.test(url.hostname))
  if (isPlain || url.protocol === 'https:') return url
  throw new HubError(
    'ERR_OPTION',
    `Option ${name} must begin with https:; http: is for loopback alone, unless plainHttp is 'anywhere'.`,
  )
}

function resolveSecrets(secret: HttpHooksOptions['secret']): readonly KeyObject[] {
  if (secret === undefined) return []
  const given = typeof secret === 'string' || secret instanceof Uint8Array ? [secret] : secret
  const secrets = given.map((each) => Buffer.from(each as string))
  if (secrets.length > 0 && secrets.every(({ length }) => length >= LEAST_SECRET_BYTES)) {
    return secrets.map((each) => createSecretKey(each))
  }
  throw new HubError(
    'ERR_OPTION',
    `Option secret must have ${LEAST_SECRET_BYTES} bytes or more, each if there are several.`,
  )
}
