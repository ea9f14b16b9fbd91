import type { PublishRequest } from '@wigwag/protocol'
import { checkNumber } from '../error/check-number.ts'
import { ClientError } from '../error/client-error.ts'

/** How much is kept while there is no connection. */
export interface OfflineQueueOptions {
  /** Publications without an answer (count). Above it: `ERR_QUEUE_FULL`. Default 100. */
  readonly maxPublications?: number
  /** Their data as JSON, in UTF-16 code units. Above it: `ERR_QUEUE_FULL`. Default 262,144. */
  readonly maxBytes?: number
  /** How long one may wait for its answer, in milliseconds. Above it: `ERR_QUEUE_EXPIRED`. Default 60,000. */
  readonly maxAgeMs?: number
}

const DEFAULTS = { maxPublications: 100, maxBytes: 262_144, maxAgeMs: 60_000 } as const

/** Counts publications that are kept until they are acknowledged. */
export class OfflineQueue {
  readonly maxAgeMs: number
  readonly createKey: () => string
  readonly #maxPublications: number
  readonly #maxBytes: number
  #publications = 0
  #bytes = 0

  /** Throws `ClientError` `ERR_OPTION` for a limit that is none. */
  constructor(options: OfflineQueueOptions, createKey: () => string) {
    const limits = { ...DEFAULTS, ...options }
    for (const name of Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]) {
      checkNumber(`offlineQueue.${name}`, limits[name])
    }
    this.#maxPublications = limits.maxPublications
    this.#maxBytes = limits.maxBytes
    this.maxAgeMs = limits.maxAgeMs
    this.createKey = createKey
  }

  /** Takes one in, or says why not. It leaves once. */
  admit({ data }: PublishRequest): { readonly leave: () => void } | ClientError {
    const bytes = JSON.stringify(data).length
    if (this.#publications + 1 > this.#maxPublications || this.#bytes + bytes > this.#maxBytes) {
      const advice = 'Publish it later, or raise offlineQueue.maxPublications and maxBytes.'
      return new ClientError('ERR_QUEUE_FULL', `${this.#publications} publications wait for a connection. ${advice}`)
    }
    this.#publications++
    this.#bytes += bytes
    let isIn = true
    return {
      leave: () => {
        if (!isIn) return
        isIn = false
        this.#publications--
        this.#bytes -= bytes
      },
    }
  }
}
