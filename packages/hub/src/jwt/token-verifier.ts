import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose'
import { AuthenticationRefusal, HubError } from '../index.ts'
import type { ResolvedJwtOptions } from './jwt-options.ts'
import { RemoteKeySet } from './remote-key-set.ts'
import { jwkKeyOf, limitKey, matchingKeys, publicKeyOf, secretKeyOf, type VerificationKey } from './verification-key.ts'

/** The clocks of a verifier. */
export interface JwtPorts {
  /** Milliseconds since 1970. */
  readonly nowMs: () => number
  /** Milliseconds of a clock that nobody sets back. */
  readonly elapsedMs: () => number
}

/** What a token says that is signed, in time, and meant for us. */
export interface VerifiedToken {
  readonly claims: JWTPayload
  /** When it ends, in milliseconds since 1970. */
  readonly expiresAt: number | undefined
}

/** The last moment that `Date` knows, in milliseconds. */
const LAST_MS = 8.64e15

/** Checks tokens: length, key, signature, then `exp`, `nbf`, `iss` and `aud`. */
export class TokenVerifier {
  readonly #options: ResolvedJwtOptions
  readonly #ports: JwtPorts
  readonly #keys: readonly VerificationKey[]
  readonly #remote: RemoteKeySet | undefined

  /** Throws `HubError` `ERR_OPTION` for keys that cannot be used. */
  constructor(options: ResolvedJwtOptions, ports: JwtPorts) {
    this.#options = options
    this.#ports = ports
    this.#keys = keysOf(options)
    const { jwksUrl } = options
    this.#remote = jwksUrl && new RemoteKeySet(jwksUrl, options, ports.elapsedMs)
  }

  /** The token's claims, or why it is refused. Never throws on what is in it. */
  async verify(token: string): Promise<VerifiedToken | AuthenticationRefusal> {
    const { maxTokenBytes } = this.#options
    // A token is ASCII; whatever is not fails later.
    if (token.length > maxTokenBytes) {
      return new AuthenticationRefusal(
        'invalid',
        `The token has ${token.length} characters; maxTokenBytes is ${maxTokenBytes}.`,
      )
    }
    const header = decodeHeader(token)
    if (header === undefined) return new AuthenticationRefusal('invalid', 'This is no JSON Web Token.')
    const { alg, kid } = header
    const own = await this.#verifyWithAny(token, matchingKeys(this.#keys, alg, kid))
    if (own !== UNKNOWN_KEY && own !== UNSIGNED) return own
    const lookup = (await this.#remote?.find(alg, kid)) ?? 'unknown'
    if (lookup === 'unknown') return own
    return lookup === 'unavailable' ? UNAVAILABLE : this.#verifyWithAny(token, lookup)
  }

  async #verifyWithAny(
    token: string,
    keys: readonly VerificationKey[],
  ): Promise<VerifiedToken | AuthenticationRefusal> {
    for (const key of keys) {
      const verified = await this.#verifyWith(token, key)
      // Once the signature fits, no other key can say anything different.
      if (verified !== UNSIGNED) return verified
    }
    return keys.length === 0 ? UNKNOWN_KEY : UNSIGNED
  }

  async #verifyWith(
    token: string,
    { key, algorithms }: VerificationKey,
  ): Promise<VerifiedToken | AuthenticationRefusal> {
    const { issuer, audience, clockToleranceMs, expiry } = this.#options
    try {
      const { payload } = await jwtVerify(token, key, {
        algorithms: [...algorithms],
        clockTolerance: clockToleranceMs / 1000,
        currentDate: new Date(this.#ports.nowMs()),
        ...(issuer === undefined ? {} : { issuer: toList(issuer) }),
        ...(audience === undefined ? {} : { audience: toList(audience) }),
        ...(expiry === 'required' ? { requiredClaims: ['exp'] } : {}),
      })
      if (payload.exp === undefined) return { claims: payload, expiresAt: undefined }
      const expiresAt = Math.ceil(payload.exp * 1000 + clockToleranceMs)
      // JSON knows numbers that no clock does, such as 1e400.
      if (expiresAt > LAST_MS) return new AuthenticationRefusal('invalid', 'The exp of the token is no point in time.')
      return { claims: payload, expiresAt }
    } catch (error) {
      return refusalOf(error)
    }
  }
}

const UNKNOWN_KEY = new AuthenticationRefusal('invalid', 'No key is known for the algorithm and the kid of the token.')
const UNAVAILABLE = new AuthenticationRefusal(
  'unavailable',
  'The key of the token is not known, and jwksUrl cannot be asked now.',
)
/** No message says what is in a token: it may end in a log. */
const UNSIGNED = new AuthenticationRefusal('invalid', 'The signature of the token does not fit.')

function refusalOf(error: unknown): AuthenticationRefusal {
  if (error instanceof errors.JWSSignatureVerificationFailed) return UNSIGNED
  if (error instanceof errors.JWTExpired) return new AuthenticationRefusal('expired', 'The token has expired.')
  if (error instanceof errors.JWTClaimValidationFailed) return refusalOfClaim(error)
  // Whatever else goes wrong with a token, it was not found to be good.
  return new AuthenticationRefusal('invalid', 'The token is malformed.')
}

function refusalOfClaim({ claim, reason }: errors.JWTClaimValidationFailed): AuthenticationRefusal {
  const what = reason === 'missing' ? 'is missing from the token' : 'of the token is not what it must be'
  switch (claim) {
    case 'nbf':
      if (reason === 'invalid') break
      return new AuthenticationRefusal('not-yet-valid', 'The token is not valid yet (nbf).')
    case 'aud':
      return new AuthenticationRefusal('wrong-audience', `The aud ${what}: see option audience.`)
    case 'iss':
      return new AuthenticationRefusal('wrong-issuer', `The iss ${what}: see option issuer.`)
  }
  // Only claims that are asked for by name come here: exp, nbf, iat.
  return new AuthenticationRefusal('invalid', `The ${claim} ${what}.`)
}

function decodeHeader(token: string): { alg: string; kid: string | undefined } | undefined {
  try {
    const { alg, kid } = decodeProtectedHeader(token) as { alg?: unknown; kid?: unknown }
    if (typeof alg !== 'string' || (kid !== undefined && typeof kid !== 'string')) return undefined
    return { alg, kid }
  } catch {
    return undefined
  }
}

function keysOf({ secret, publicKey, keys, algorithms }: ResolvedJwtOptions): readonly VerificationKey[] {
  const all = [
    ...toList(secret ?? []).map((one) => secretKeyOf(one)),
    ...toList(publicKey ?? []).map(publicKeyOf),
    ...(keys ?? []).map(jwkKeyOf),
  ]
  return all.map((key) => {
    const limited = limitKey(key, algorithms)
    if (limited !== undefined) return limited
    throw new HubError(
      'ERR_OPTION',
      `Option algorithms leaves none for a key that is made for ${key.algorithms.join(', ')}.`,
    )
  })
}

function toList<T>(value: T | readonly T[]): T[] {
  return Array.isArray(value) ? [...value] : [value as T]
}
