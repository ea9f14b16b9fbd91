import type { PublishRequest } from '@wigwag/protocol'
import { type CallOptions, cancellable } from '../cancellable.ts'
import { checkNumber } from '../error/check-number.ts'
import { ClientError } from '../error/client-error.ts'
import type { ChannelCommands, PublicationQueue } from './channel-commands.ts'

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

/** Makes the queue of a client, with whose ids its publications are told apart. */
export type CreateQueue = (createId: () => string) => PublicationQueue

/**
 * Keeps what is published while there is no connection, and sends it again when the answer was lost: each is stored once. Throws
 * `ClientError` `ERR_OPTION` for a limit that is none.
 */
export function offlineQueue(options: OfflineQueueOptions = {}): CreateQueue {
  return (createId) => new OfflineQueue(options, createId)
}

/** Publications that are kept until they are acknowledged. */
class OfflineQueue implements PublicationQueue {
  readonly #maxAgeMs: number
  readonly #createKey: () => string
  readonly #maxPublications: number
  readonly #maxBytes: number
  #publications = 0
  #bytes = 0

  constructor(options: OfflineQueueOptions, createKey: () => string) {
    const limits = { ...DEFAULTS, ...options }
    for (const name of Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]) {
      checkNumber(`offlineQueue.${name}`, limits[name])
    }
    this.#maxPublications = limits.maxPublications
    this.#maxBytes = limits.maxBytes
    this.#maxAgeMs = limits.maxAgeMs
    this.#createKey = createKey
  }

  /** Publishes over this connection or the next, for as long as the queue has patience. */
  publish(commands: ChannelCommands, request: PublishRequest, { signal }: CallOptions): Promise<void> {
    return cancellable(signal, (settle) => {
      const place = this.#admit(request)
      if (place instanceof ClientError) {
        settle({ error: place })
        return () => {}
      }
      // Who is sent away may be called back in time.
      commands.seek()
      const keyed = { idempotency_key: this.#createKey(), ...request }
      const id = commands.request('publish', keyed, { timeoutMs: this.#maxAgeMs, isKept: true }, (answer) => {
        place.leave()
        settle(answer instanceof ClientError ? { error: orTooOld(answer) } : { value: undefined })
      })
      return () => {
        place.leave()
        commands.forget(id)
      }
    })
  }

  /** Takes one in, or says why not. It leaves once. */
  #admit({ data }: PublishRequest): { readonly leave: () => void } | ClientError {
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

function orTooOld(error: ClientError): ClientError {
  if (error.code !== 'ERR_TIMEOUT') return error
  return new ClientError('ERR_QUEUE_EXPIRED', 'publish: it waited longer than offlineQueue.maxAgeMs for its answer.')
}
