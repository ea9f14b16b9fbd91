import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** The keys of the API. How long a comparison takes tells nothing of them. */
export class ApiKeys {
  readonly #hashes: readonly Buffer[]

  constructor(keys: readonly string[]) {
    this.#hashes = keys.map(hashOf)
  }

  /** Whether a request brings one: as `X-API-Key: KEY`, or as `Authorization: apikey KEY`. */
  admits({ headers }: IncomingMessage): boolean {
    const given = headers['x-api-key'] ?? /^apikey +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
    if (typeof given !== 'string') return false
    const hash = hashOf(given)
    // All of them, whichever it is.
    return this.#hashes.map((each) => timingSafeEqual(each, hash)).includes(true)
  }
}

function hashOf(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}
