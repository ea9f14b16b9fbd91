import { generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto'
import { type JWTPayload, SignJWT } from 'jose'

/** A secret long enough for HS512. */
export const SECRET = 'correct horse battery staple, correct horse battery staple, again and again'

/** The moment at which tests take place, in milliseconds since 1970. */
export const NOW_MS = Date.UTC(2026, 0, 1)
export const NOW_S = NOW_MS / 1000

/** A key pair as issuers have one. */
export interface Issuer {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly pem: string
  readonly jwk: JsonWebKey
}

/** Makes a key pair: RSA of that many bits, or EC on that curve, or Ed25519. */
export function makeIssuer(kind: number | 'P-256' | 'P-384' | 'P-521' | 'secp256k1' | 'Ed25519'): Issuer {
  const { privateKey, publicKey } =
    typeof kind === 'number'
      ? generateKeyPairSync('rsa', { modulusLength: kind })
      : kind === 'Ed25519'
        ? generateKeyPairSync('ed25519')
        : generateKeyPairSync('ec', { namedCurve: kind })
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  return { privateKey, publicKey, pem, jwk: publicKey.export({ format: 'jwk' }) }
}

/** A signed token. `header` is put over `alg`. */
export function signToken(
  claims: JWTPayload,
  key: KeyObject | string = SECRET,
  header: { alg: string; kid?: string; [name: string]: unknown } = { alg: 'HS256' },
): Promise<string> {
  const signingKey = typeof key === 'string' ? new TextEncoder().encode(key) : key
  return new SignJWT(claims).setProtectedHeader(header).sign(signingKey)
}

/** A token put together by hand, whatever it says and however it is signed. */
export function forgeToken(header: unknown, claims: unknown, signature: string | Uint8Array = ''): string {
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${encode(header)}.${encode(claims)}.${Buffer.from(signature as string).toString('base64url')}`
}
