import { HubError } from '../error/hub-error.ts'
import type { Publication } from '../publication/publication.ts'

/** Longest idempotency key, in UTF-16 code units. */
export const MAX_IDEMPOTENCY_KEY_LENGTH = 255

/** Throws `HubError` `ERR_IDEMPOTENCY_KEY` unless `key` can be one. */
export function assertIdempotencyKey(key: string): void {
  if (typeof key === 'string' && key.length > 0 && key.length <= MAX_IDEMPOTENCY_KEY_LENGTH) return
  const what = typeof key === 'string' ? `it has ${key.length} characters` : 'it is no string'
  throw new HubError(
    'ERR_IDEMPOTENCY_KEY',
    `An idempotency key has 1 to ${MAX_IDEMPOTENCY_KEY_LENGTH} characters; ${what}.`,
  )
}

/** Publications of a while ago by the keys that they were published with. */
export class IdempotencyKeys {
  readonly #ttlMs: number
  readonly #maxKeys: number
  /** In the order in which they expire. */
  readonly #known = new Map<string, Publication>()

  /** Forgets a key after `ttlMs`, and the oldest when there are more than `maxKeys`. */
  constructor(ttlMs: number, maxKeys: number) {
    this.#ttlMs = ttlMs
    this.#maxKeys = maxKeys
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#known.size
  }

  /** The publication that `key` was used for, if it is remembered. */
  find(channel: string, key: string, nowMs: number): Publication | undefined {
    this.trim(nowMs)
    return this.#known.get(nameOf(channel, key))
  }

  /** Remembers what `key` was used for: where and when it was stored, not its data. */
  remember(key: string, { channel, time, position }: Publication): void {
    this.#known.set(nameOf(channel, key), { channel, data: null, time, position })
    if (this.#known.size > this.#maxKeys) this.#forgetOldest()
  }

  /** Forgets what has expired. */
  trim(nowMs: number): void {
    for (const { time } of this.#known.values()) {
      if (time > nowMs - this.#ttlMs) return
      this.#forgetOldest()
    }
  }

  #forgetOldest(): void {
    const [oldest] = this.#known.keys()
    if (oldest !== undefined) this.#known.delete(oldest)
  }
}

/** A channel's name has no control characters. */
function nameOf(channel: string, key: string): string {
  return `${channel}\n${key}`
}
