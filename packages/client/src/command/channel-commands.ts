import type { ClientInfo, HistoryRequest, Json, Method, PublishRequest, Requests } from '@wigwag/protocol'
import { type CallOptions, cancellable } from '../cancellable.ts'
import { ClientError } from '../error/client-error.ts'
import { type Publication, publicationOf } from '../publication/publication.ts'
import type { Position } from '../state/position.ts'
import type { Answer, AnsweredMethod, CommandAnswer, CommandOptions, CommandTable } from './command-table.ts'
import type { OfflineQueue } from './offline-queue.ts'

/** How something is published. */
export interface PublishOptions extends CallOptions {
  /**
   * Published again with the same key, within five minutes and by the same user, it is stored once. At most 128 characters.
   * Default: none; with an offline queue one of its own.
   */
  readonly idempotencyKey?: string
}

/** Which publications of a channel's history are wanted. */
export interface HistoryOptions {
  /** Most publications (count): -1 is as many as there may be, 0 none but where the stream stands. Default -1. */
  readonly limit?: number
  /** Those behind it, or before it with `reverse`. */
  readonly since?: Position
  /** Newest first. Default false. */
  readonly reverse?: boolean
}

/** A channel's history, or a part of it. */
export interface ChannelHistory<Data> {
  readonly publications: readonly Publication<Data>[]
  /** Where the stream stands. */
  readonly position: Position
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

/** Commands of the application: those about a channel, and the others. */
export class ChannelCommands {
  readonly #commands: CommandTable
  readonly #host: CommandHost

  readonly #queue: OfflineQueue | undefined

  constructor(commands: CommandTable, host: CommandHost, queue: OfflineQueue | undefined) {
    this.#commands = commands
    this.#host = host
    this.#queue = queue
  }

  /** Seeks a connection if there is none, or says why none is sought. */
  seek(): ClientError | undefined {
    return this.#host.seek()
  }

  async publish(channel: string, data: Json, options: PublishOptions = {}): Promise<void> {
    const { idempotencyKey: key = this.#queue?.createKey(), ...others } = options
    const request = { channel, data, ...(key !== undefined && { idempotency_key: key }) }
    if (this.#queue === undefined) await this.call('publish', request, others)
    else await this.#keep(this.#queue, request, others)
  }

  /** Publishes over this connection or the next, for as long as the queue has patience. */
  #keep(queue: OfflineQueue, request: PublishRequest, { signal }: CallOptions): Promise<void> {
    return cancellable(signal, (settle) => {
      const place = queue.admit(request)
      if (place instanceof ClientError) {
        settle({ error: place })
        return () => {}
      }
      // Who is sent away may be called back in time.
      this.#host.seek()
      const options = { timeoutMs: queue.maxAgeMs, isKept: true }
      const id = this.#request('publish', request, options, (answer) => {
        place.leave()
        settle(answer instanceof ClientError ? { error: answer } : { value: undefined })
      })
      return () => {
        place.leave()
        this.#commands.forget(id)
      }
    })
  }

  async presence(channel: string, options?: CallOptions): Promise<ReadonlyMap<string, ClientInfo>> {
    return new Map(Object.entries((await this.call('presence', { channel }, options)).presence))
  }

  async presenceStats(
    channel: string,
    options?: CallOptions,
  ): Promise<{ readonly clients: number; readonly users: number }> {
    const { num_clients: clients, num_users: users } = await this.call('presence_stats', { channel }, options)
    return { clients, users }
  }

  async history<Data>(
    channel: string,
    { limit = -1, since, reverse = false, ...options }: HistoryOptions & CallOptions = {},
  ): Promise<ChannelHistory<Data>> {
    const request: HistoryRequest = { channel, limit, ...(since && { since }), ...(reverse && { reverse }) }
    const { publications = [], offset, epoch } = await this.call('history', request, options)
    return {
      publications: publications.map((packet) => publicationOf<Data>(channel, packet)),
      position: { offset, epoch },
    }
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
      const id = this.#request(method, request, { timeoutMs }, (answer) => {
        if (answer instanceof ClientError) settle({ error: answer })
        else settle({ value: answer as never })
      })
      return () => this.#commands.forget(id)
    })
  }

  #request<M extends Method>(
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
