import type { PublishRequest } from '@wigwag/protocol'
import { cancellable } from '../cancellable.ts'
import { createId } from '../environment/create-id.ts'
import type { Environment } from '../environment/environment.ts'
import { ClientError } from '../error/client-error.ts'
import { resolveOptions } from '../resolve-options.ts'
import type { Commands } from './commands.ts'

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

/** Publishes what is kept until it is acknowledged. */
export type PublishKept = (request: PublishRequest, signal: AbortSignal | undefined) => Promise<void>

/** Makes the queue of a client. */
export type CreateQueue = (commands: Commands, environment: Pick<Environment, 'createId'>) => PublishKept

/**
 * Keeps what is published while there is no connection, and sends it again when the answer was lost: each is stored once. Throws
 * `ClientError` `ERR_OPTION` for a limit that is none.
 */
export function offlineQueue(options: OfflineQueueOptions = {}): CreateQueue {
  const { maxPublications, maxBytes, maxAgeMs } = resolveOptions(DEFAULTS, options, 'offlineQueue.')
  return (commands, environment) => {
    const createKey = environment.createId ?? createId
    let publications = 0
    let bytes = 0

    /** Takes one in, or says why not. Returns what takes it out again, which is called once. */
    function admit({ data }: PublishRequest): (() => void) | ClientError {
      const size = JSON.stringify(data).length
      if (publications + 1 > maxPublications || bytes + size > maxBytes) {
        const advice = 'Publish it later, or raise offlineQueue.maxPublications and maxBytes.'
        return new ClientError('ERR_QUEUE_FULL', `${publications} publications wait for a connection. ${advice}`)
      }
      publications++
      bytes += size
      return () => {
        publications--
        bytes -= size
      }
    }

    return async (request, signal) => {
      await cancellable(signal, (settle) => {
        const leave = admit(request)
        if (leave instanceof ClientError) {
          settle(leave)
          return () => {}
        }
        const keyed = { ...request, idempotency_key: request.idempotency_key ?? createKey() }
        const forget = commands.keep('publish', keyed, maxAgeMs, (answer) => {
          leave()
          settle(answer instanceof ClientError ? orTooOld(answer) : answer)
        })
        return () => {
          leave()
          forget()
        }
      })
    }
  }
}

function orTooOld(error: ClientError): ClientError {
  if (error.code !== 'ERR_TIMEOUT') return error
  return new ClientError('ERR_QUEUE_EXPIRED', 'publish: it waited longer than offlineQueue.maxAgeMs for its answer.')
}
