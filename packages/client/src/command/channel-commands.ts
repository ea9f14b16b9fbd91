import type { Json, Method, PublishRequest, Requests } from '@wigwag/protocol'
import { type CallOptions, cancellable } from '../cancellable.ts'
import { ClientError } from '../error/client-error.ts'
import type { Answer, AnsweredMethod, CommandAnswer, CommandOptions, CommandTable } from './command-table.ts'

/** How something is published. */
export interface PublishOptions extends CallOptions {
  /**
   * Published again with the same key, within five minutes and by the same user, it is stored once. At most 128 characters.
   * Default: none; with an offline queue one of its own.
   */
  readonly idempotencyKey?: string
}

/** What commands need of their client. */
export interface CommandHost {
  readonly nowMs: () => number
  readonly timeoutMs: number
  /** Seeks a connection if there is none, or says why none is sought. */
  seek(): ClientError | undefined
  /** Something is due at that time. */
  due(atMs: number): void
}

/** Keeps publications while there is no connection. */
export interface PublicationQueue {
  publish(commands: ChannelCommands, request: PublishRequest, options: CallOptions): Promise<void>
}

/** Commands of the application: those about a channel, and the others. */
export class ChannelCommands {
  readonly #commands: CommandTable
  readonly #host: CommandHost

  readonly #queue: PublicationQueue | undefined

  constructor(commands: CommandTable, host: CommandHost, queue: PublicationQueue | undefined) {
    this.#commands = commands
    this.#host = host
    this.#queue = queue
  }

  /** Seeks a connection if there is none, or says why none is sought. */
  seek(): ClientError | undefined {
    return this.#host.seek()
  }

  async publish(channel: string, data: Json, options: PublishOptions = {}): Promise<void> {
    const { idempotencyKey, ...others } = options
    const request = { channel, data, ...(idempotencyKey !== undefined && { idempotency_key: idempotencyKey }) }
    await (this.#queue === undefined
      ? this.call('publish', request, others)
      : this.#queue.publish(this, request, others))
  }

  /** Sends a command when there is a connection; resolves with its answer. */
  call<M extends Method>(
    method: M,
    request: Requests[M],
    { signal, timeoutMs = this.#host.timeoutMs }: CallOptions = {},
  ): Promise<M extends AnsweredMethod ? Exclude<Answer<M>, ClientError> : undefined> {
    return cancellable(signal, (settle) => {
      const error = this.#host.seek()
      if (error !== undefined) {
        settle({ error })
        return () => {}
      }
      const id = this.request(method, request, { timeoutMs }, (answer) => {
        if (answer instanceof ClientError) settle({ error: answer })
        else settle({ value: answer as never })
      })
      return () => this.forget(id)
    })
  }

  /** Nobody waits for the answer any more. */
  forget(id: number): void {
    this.#commands.forget(id)
  }

  /** The same, whether there will be a connection or not: `done` is told what comes of it. Returns what `forget` takes. */
  request<M extends Method>(
    method: M,
    request: Requests[M],
    options: CommandOptions,
    done: (answer: CommandAnswer<M>) => void,
  ): number {
    const nowMs = this.#host.nowMs()
    this.#host.due(nowMs + options.timeoutMs)
    return this.#commands.request(method, request, options, nowMs, done)
  }
}
