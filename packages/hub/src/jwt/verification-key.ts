import { createPublicKey, createSecretKey, type JsonWebKey, KeyObject } from 'node:crypto'
import { HubError } from '../index.ts'
import type { PublicKey, SignatureAlgorithm } from './jwt-options.ts'

/** A key, and what it may be used for: a token never decides how it is checked. */
export interface VerificationKey {
  readonly kid: string | undefined
  /** All of one kind, HMAC or public, so that a public key can never be taken for a secret. */
  readonly algorithms: readonly SignatureAlgorithm[]
  readonly key: KeyObject
}

/** RFC 7518 §3.2: a secret is at least as long as the hash. */
const HMAC: readonly [bytes: number, algorithm: SignatureAlgorithm][] = [
  [32, 'HS256'],
  [48, 'HS384'],
  [64, 'HS512'],
]
const RSA: readonly SignatureAlgorithm[] = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']
/** RFC 7518 §3.3. */
const MIN_RSA_BITS = 2048
/** RFC 7518 §3.4: each curve has its one algorithm. */
const CURVES: Readonly<Record<string, SignatureAlgorithm>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
}

/** A key of HMAC. Throws `HubError` `ERR_OPTION` when it is too short, or a public key. */
export function secretKeyOf(secret: string | Uint8Array, kid?: string): VerificationKey {
  const bytes = Buffer.from(secret as Uint8Array)
  if (bytes.includes('-----BEGIN ')) {
    throw fault('secret is a key in PEM: what others can read cannot be a secret. Give it as publicKey.')
  }
  const algorithms = HMAC.filter(([least]) => bytes.length >= least).map(([, algorithm]) => algorithm)
  if (algorithms.length === 0) {
    throw fault(`secret has ${bytes.length} bytes; it takes at least 32, as RFC 7518 §3.2 demands.`)
  }
  return { kid, algorithms, key: createSecretKey(bytes) }
}

/** A key of RSA, ECDSA or EdDSA. Throws `HubError` `ERR_OPTION` for any other, and for RSA below 2048 bits. */
export function publicKeyOf(given: PublicKey): VerificationKey {
  const key = readPublicKey(given)
  const algorithms = algorithmsOf(key)
  if (algorithms.length === 0) {
    throw fault(
      `a public key is RSA of ${MIN_RSA_BITS} bits or more, EC on P-256, P-384 or P-521, or Ed25519; not this.`,
    )
  }
  return isJwk(given) ? narrowed(given, algorithms, key) : { kid: undefined, algorithms, key }
}

/** Any JSON Web Key that can check signatures. Throws `HubError` `ERR_OPTION` for others. */
export function jwkKeyOf(jwk: JsonWebKey): VerificationKey {
  if (jwk.kty !== 'oct') return publicKeyOf(jwk)
  const { kid, algorithms, key } = secretKeyOf(Buffer.from(String(jwk.k ?? ''), 'base64url'))
  return narrowed(jwk, algorithms, key, kid)
}

function readPublicKey(given: PublicKey): KeyObject {
  try {
    if (given instanceof KeyObject) return given.type === 'public' ? given : createPublicKey(given as never)
    return isJwk(given) ? createPublicKey({ key: given, format: 'jwk' }) : createPublicKey(given)
  } catch {
    // What OpenSSL says of it may quote it.
    throw fault('this is no public key: PEM (BEGIN PUBLIC KEY or BEGIN CERTIFICATE), a JSON Web Key or a KeyObject.')
  }
}

function algorithmsOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): readonly SignatureAlgorithm[] {
  switch (asymmetricKeyType) {
    case 'rsa':
      return (asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_RSA_BITS ? RSA : []
    case 'ec': {
      const algorithm = CURVES[asymmetricKeyDetails?.namedCurve ?? '']
      return algorithm === undefined ? [] : [algorithm]
    }
    case 'ed25519':
      return ['EdDSA', 'Ed25519']
    default:
      return []
  }
}

/** RFC 7517 §4: what the key itself says that it is for. */
function narrowed(
  jwk: JsonWebKey,
  possible: readonly SignatureAlgorithm[],
  key: KeyObject,
  kid?: string,
): VerificationKey {
  if (jwk['use'] !== undefined && jwk['use'] !== 'sig')
    throw fault('a key with "use" other than "sig" checks no signatures.')
  const operations = jwk['key_ops']
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    throw fault('a key whose "key_ops" have no "verify" checks no signatures.')
  }
  const algorithms = jwk['alg'] === undefined ? possible : possible.filter((algorithm) => algorithm === jwk['alg'])
  if (algorithms.length === 0) throw fault('the "alg" of a key does not fit its kind.')
  return { kid: typeof jwk['kid'] === 'string' ? jwk['kid'] : kid, algorithms, key }
}

function isJwk(given: PublicKey): given is JsonWebKey {
  return typeof given === 'object' && given !== null && !(given instanceof KeyObject)
}

function fault(what: string): HubError {
  return new HubError('ERR_OPTION', `Keys for jwt(): ${what}`)
}

/** The same key for fewer algorithms; nothing when none is left. */
export function limitKey(
  { kid, algorithms, key }: VerificationKey,
  allowed: readonly SignatureAlgorithm[] | undefined,
): VerificationKey | undefined {
  const left = allowed === undefined ? algorithms : algorithms.filter((algorithm) => allowed.includes(algorithm))
  return left.length === 0 ? undefined : { kid, algorithms: left, key }
}

/**
 * The keys that a token with `alg` and `kid` may be signed with. A `kid` is compared and nothing else; a key without
 * one is for every token.
 */
export function matchingKeys(
  keys: readonly VerificationKey[],
  alg: string,
  kid: string | undefined,
): readonly VerificationKey[] {
  const fitting = keys.filter(({ algorithms }) => (algorithms as readonly string[]).includes(alg))
  if (kid === undefined) return fitting
  const named = fitting.filter((key) => key.kid === kid)
  return named.length > 0 ? named : fitting.filter((key) => key.kid === undefined)
}
