import type { JsonWebKey, KeyObject } from 'node:crypto'
import { checkNumberOption, HubError } from '../index.ts'

/** How a token may be signed. What a key allows follows from its kind; this can only be less. */
export type SignatureAlgorithm =
  | 'HS256'
  | 'HS384'
  | 'HS512'
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'
  | 'Ed25519'

/** A public key: PEM (SPKI or a certificate), a JSON Web Key, or Node's own. */
export type PublicKey = string | JsonWebKey | KeyObject

/** Where tokens come from and what they must say. At least one of `secret`, `publicKey`, `keys`, `jwksUrl`. */
export interface JwtOptions {
  /**
   * What tokens are signed with (HMAC): text, of which the UTF-8 counts, or bytes; several while it is changed. At least
   * 32 bytes, and 48 or 64 for HS384 and HS512 (RFC 7518 §3.2).
   */
  readonly secret?: string | Uint8Array | readonly (string | Uint8Array)[]
  /** The public half of what tokens are signed with; several while it is changed. */
  readonly publicKey?: PublicKey | readonly PublicKey[]
  /** A JSON Web Key Set's keys, public or secret ones, chosen by the token's `kid`. */
  readonly keys?: readonly JsonWebKey[]
  /** Where the issuer publishes its public keys: `https:`, or `http:` on loopback. Redirects are not followed. */
  readonly jwksUrl?: string | URL
  /** How long a fetch of `jwksUrl` may take, in milliseconds. Default 5,000. After that the keys at hand are used. */
  readonly jwksTimeoutMs?: number
  /** Least time between two fetches of `jwksUrl`, in milliseconds, whatever `kid` tokens name. Default 30,000. */
  readonly jwksCooldownMs?: number
  /** Age at which the keys of `jwksUrl` are fetched anew, in milliseconds. Default 600,000. They are kept while that fails. */
  readonly jwksMaxAgeMs?: number
  /** Which algorithms are accepted. Default: all that the keys are made for. */
  readonly algorithms?: readonly SignatureAlgorithm[]
  /** What `iss` must be (one of them). Default: it is not looked at. */
  readonly issuer?: string | readonly string[]
  /** What `aud` must name (one of them). Default: it is not looked at. */
  readonly audience?: string | readonly string[]
  /** How far the clocks may be apart, in milliseconds. Default 5,000. `exp` counts as that much later, `nbf` as earlier. */
  readonly clockToleranceMs?: number
  /** Longest token, in bytes. Default 16 KiB. Above it: refused, before anything is decoded. */
  readonly maxTokenBytes?: number
  /** Whether a token must have `exp`. Default `'optional'`: without it a session lasts as long as its connection. */
  readonly expiry?: 'optional' | 'required'
  /** What becomes of a client without a token: refused (101, the default), or an anonymous session. */
  readonly withoutToken?: 'refuse' | 'anonymous'
  /** Which claim names the user. Default `sub`. */
  readonly userClaim?: string
  /** Which claim is the user's info. Default `info`. */
  readonly infoClaim?: string
}

type Defaulted = Omit<JwtOptions, 'secret' | 'publicKey' | 'keys' | 'jwksUrl' | 'algorithms' | 'issuer' | 'audience'>

/** `JwtOptions` with every default filled in. */
export type ResolvedJwtOptions = Required<Defaulted> &
  Omit<JwtOptions, keyof Defaulted | 'jwksUrl'> & { readonly jwksUrl?: URL }

const DEFAULTS = {
  jwksTimeoutMs: 5_000,
  jwksCooldownMs: 30_000,
  jwksMaxAgeMs: 600_000,
  clockToleranceMs: 5_000,
  maxTokenBytes: 16 * 1024,
  expiry: 'optional',
  withoutToken: 'refuse',
  userClaim: 'sub',
  infoClaim: 'info',
} as const

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/

/** Fills in the defaults. Throws `HubError` `ERR_OPTION` that names the option and what it takes. */
export function resolveJwtOptions(options: JwtOptions): ResolvedJwtOptions {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as JwtOptions
  const { jwksUrl, ...rest } = given
  const resolved: ResolvedJwtOptions = {
    ...DEFAULTS,
    ...rest,
    ...(jwksUrl === undefined ? {} : { jwksUrl: checkJwksUrl(jwksUrl) }),
  }
  for (const name of ['jwksTimeoutMs', 'jwksCooldownMs', 'jwksMaxAgeMs', 'maxTokenBytes'] as const) {
    checkNumberOption(name, resolved[name], 1)
  }
  checkNumberOption('clockToleranceMs', resolved.clockToleranceMs, 0)
  checkChoice('expiry', resolved.expiry, ['optional', 'required'])
  checkChoice('withoutToken', resolved.withoutToken, ['refuse', 'anonymous'])
  checkNames('issuer', resolved.issuer)
  checkNames('audience', resolved.audience)
  checkNames('userClaim', resolved.userClaim)
  checkNames('infoClaim', resolved.infoClaim)
  const { secret, publicKey, keys } = resolved
  if ([secret, publicKey, keys, jwksUrl].every((source) => source === undefined)) {
    throw new HubError('ERR_OPTION', 'jwt() needs something to check tokens with: secret, publicKey, keys or jwksUrl.')
  }
  return resolved
}

/** Whoever can change what is fetched can sign tokens, so it must not pass a network in the clear. */
function checkJwksUrl(given: string | URL): URL {
  let url: URL
  try {
    url = new URL(given)
  } catch {
    throw new HubError('ERR_OPTION', 'Option jwksUrl must be a URL.')
  }
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname))
  if (isSafe && url.username === '' && url.password === '') return url
  throw new HubError(
    'ERR_OPTION',
    'Option jwksUrl must begin with https: (http: is for loopback alone), without a user name or password in it.',
  )
}

function checkChoice(name: string, value: string, choices: readonly string[]): void {
  if (choices.includes(value)) return
  throw new HubError('ERR_OPTION', `Option ${name} is one of ${choices.join(', ')}.`)
}

/** An empty list, or an empty name, would be no check at all, or one that nobody passes. */
function checkNames(name: string, value: string | readonly string[] | undefined): void {
  if (value === undefined) return
  const names = typeof value === 'string' ? [value] : value
  if (Array.isArray(names) && names.length > 0 && names.every((one) => typeof one === 'string' && one !== '')) return
  throw new HubError('ERR_OPTION', `Option ${name} must be a name that is not empty, or several.`)
}
