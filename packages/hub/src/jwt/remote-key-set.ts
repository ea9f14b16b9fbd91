import type { JsonWebKey } from 'node:crypto'
import type { ResolvedJwtOptions } from './jwt-options.ts'
import { limitKey, matchingKeys, publicKeyOf, type VerificationKey } from './verification-key.ts'

/** Largest key set that is read, in bytes. */
const MAX_KEY_SET_BYTES = 256 * 1024
/** Most keys of it that are kept: each may be tried for a token without `kid`. */
const MAX_KEYS = 64

/** What a look for a key ended in. `'unavailable'`: the key may be there, but this cannot be found out now. */
export type KeyLookup = readonly VerificationKey[] | 'unknown' | 'unavailable'

type Options = Pick<ResolvedJwtOptions, 'algorithms' | 'jwksTimeoutMs' | 'jwksCooldownMs' | 'jwksMaxAgeMs'>

/** The keys that an issuer publishes. They are fetched when one is needed, again when one is unknown, and never often. */
export class RemoteKeySet {
  readonly #url: URL
  readonly #options: Options
  readonly #elapsedMs: () => number
  #keys: readonly VerificationKey[] = []
  #loadedAtMs = Number.NEGATIVE_INFINITY
  #triedAtMs = Number.NEGATIVE_INFINITY
  #loading: Promise<boolean> | undefined

  /** `elapsedMs` is a clock that nobody sets back. */
  constructor(url: URL, options: Options, elapsedMs: () => number) {
    this.#url = url
    this.#options = options
    this.#elapsedMs = elapsedMs
  }

  /** The keys for a token with `alg` and `kid`. */
  async find(alg: string, kid: string | undefined): Promise<KeyLookup> {
    const isFresh = this.#elapsedMs() - this.#loadedAtMs < this.#options.jwksMaxAgeMs
    const hasLooked = isFresh ? undefined : await this.#load()
    const found = matchingKeys(this.#keys, alg, kid)
    if (found.length > 0) return found
    // The issuer may have a new key.
    const isCertain = hasLooked ?? (await this.#load())
    const later = matchingKeys(this.#keys, alg, kid)
    if (later.length > 0) return later
    return isCertain ? 'unknown' : 'unavailable'
  }

  /** Resolves with whether the keys are what the issuer publishes now. Those at hand are kept when that fails. */
  async #load(): Promise<boolean> {
    this.#loading ??= this.#fetchUnlessJustDone().finally(() => {
      this.#loading = undefined
    })
    return this.#loading
  }

  async #fetchUnlessJustDone(): Promise<boolean> {
    const { jwksCooldownMs, jwksTimeoutMs, algorithms } = this.#options
    if (this.#elapsedMs() - this.#triedAtMs < jwksCooldownMs) return false
    this.#triedAtMs = this.#elapsedMs()
    const keys = await fetchKeys(this.#url, jwksTimeoutMs)
    if (keys === undefined) return false
    this.#keys = keys.flatMap((key) => limitKey(key, algorithms) ?? [])
    this.#loadedAtMs = this.#elapsedMs()
    return true
  }
}

/** Nothing when there is no answer in time, or none that is a key set. */
async function fetchKeys(url: URL, timeoutMs: number): Promise<readonly VerificationKey[] | undefined> {
  try {
    const response = await fetch(url, {
      headers: { accept: 'application/jwk-set+json, application/json' },
      // Elsewhere is not where the operator said that the keys are.
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    })
    if (response.status !== 200) {
      await response.body?.cancel()
      return undefined
    }
    return keysOf(JSON.parse(await readText(response)))
  } catch {
    return undefined
  }
}

async function readText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > MAX_KEY_SET_BYTES) throw new RangeError('The key set is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** RFC 7517 §5: keys that are of no use here are passed over. A secret that anybody can fetch is none, so `oct` is. */
function keysOf(set: unknown): readonly VerificationKey[] | undefined {
  const keys = (set as { keys?: unknown } | null)?.keys
  if (!Array.isArray(keys)) return undefined
  const usable: VerificationKey[] = []
  for (const jwk of keys as (JsonWebKey | null)[]) {
    if (usable.length === MAX_KEYS) break
    try {
      if (typeof jwk === 'object' && jwk !== null) usable.push(publicKeyOf(jwk))
    } catch {}
  }
  return usable
}
