/// <reference lib="esnext.disposable" preserve="true" />
import type { ClientInfo, Json, Requests, Results, SubscribeResult } from '@wigwag/protocol'
import { type CallOptions, cancellable, signalOf } from '../cancellable.ts'
import type { ChannelCaller, ChannelMethod } from '../command/channel-caller.ts'
import type { ChannelCommands, PublishOptions } from '../command/channel-commands.ts'
import { Emitter } from '../emitter.ts'
import type { ClientError } from '../error/client-error.ts'
import { type Publication, publicationOf } from '../publication/publication.ts'
import type { MessageHandler } from '../publication/publication-types.ts'
import type { Gap } from '../state/gap.ts'
import type { Position } from '../state/position.ts'
import type { SubscriptionState } from '../state/subscription-machine.ts'
import type { SubscriptionCore, SubscriptionSink } from './subscription-core.ts'
import type { CoreSubscriptionOptions } from './subscription-options.ts'
import { unsubscribedError } from './unsubscribed-error.ts'

/** What the hub said when it subscribed. */
export interface Subscribed {
  readonly phase: 'subscribed'
  /** Whether something was asked for that had been missed, and whether all of it comes right behind this. */
  readonly wasRecovering: boolean
  readonly recovered: boolean
  /** What the namespace's `subscribe` function answered. */
  readonly data: Json | undefined
}

/** What a subscription tells. */
export interface SubscriptionEvents<Data = Json> {
  /** Each change of its state. */
  state: SubscriptionState
  subscribing: SubscriptionState & { readonly phase: 'subscribing' }
  subscribed: Subscribed
  unsubscribed: SubscriptionState & { readonly phase: 'unsubscribed' }
  publication: Publication<Data>
  gap: Gap
  join: ClientInfo
  leave: ClientInfo
  error: ClientError
}

/** What a subscription is made of. */
export interface SubscriptionParts<Data> {
  createCore(sink: SubscriptionSink): SubscriptionCore
  readonly commands: ChannelCommands
  readonly options: CoreSubscriptionOptions<Data>
  readonly report: (error: unknown) => void
}

/** A channel, as this client sees it: what is published to it comes here, in order and each once, or a gap is told. */
export class CoreSubscription<Data = Json, Input = Json> implements ChannelCaller {
  readonly channel: string
  readonly #core: SubscriptionCore
  readonly #commands: ChannelCommands
  readonly #emitter: Emitter<SubscriptionEvents<Data>>
  readonly #signal: AbortSignal | undefined
  readonly #aborted = (): void => this.unsubscribe()
  /** Who waits until it is subscribed: to be told that it will not be without a connection. */
  readonly #waiting = new Set<(error: ClientError) => void>()

  /** Made by `client.subscribe`. */
  constructor({ createCore, commands, options, report }: SubscriptionParts<Data>) {
    this.#emitter = new Emitter(report)
    this.#commands = commands
    const handlers = Object.entries(options.on ?? {}) as [string, MessageHandler<Data>][]
    if (handlers.length > 0) this.#handle(new Map(handlers))
    if (options.onGap !== undefined) this.on('gap', options.onGap)
    this.#core = createCore({
      changed: (state) => this.#changed(state),
      joined: (result, gap) => this.#joined(result, gap),
      delivered: (packet) => this.#emitter.emit('publication', publicationOf(this.channel, packet)),
      moved: (kind, info) => this.#emitter.emit(kind, info),
      abandoned: (error) => {
        for (const abandoned of [...this.#waiting]) abandoned(error)
      },
      failed: (error) => this.#emitter.emit('error', error),
    })
    this.channel = this.#core.channel
    this.#signal = options.signal
    if (!options.signal?.aborted) this.#core.subscribe()
  }

  /** Whether publications come, and why not. */
  get state(): SubscriptionState {
    return this.#core.state
  }

  /** Behind the last publication that came; undefined where there is no history. */
  get position(): Position | undefined {
    return this.#core.position
  }

  /** Subscribes again, after `unsubscribe()` or when the hub said no: from where it was, as far as history goes. */
  subscribe(): void {
    this.#core.subscribe()
  }

  /** Ends it. Its position stays, for `subscribe()`. */
  unsubscribe(): void {
    this.#core.unsubscribe()
  }

  /**
   * Resolves when it is subscribed. Rejects with `ERR_UNSUBSCRIBED` when it will not be, with `ERR_DISCONNECTED` when no
   * connection is sought, and as `AbortSignal.timeout` does after `timeoutMs`, by default never.
   */
  ready(options: CallOptions = {}): Promise<void> {
    return cancellable(signalOf(options), (settle) => {
      const look = ({ phase }: { readonly phase: SubscriptionState['phase'] }): void => {
        if (phase === 'subscribed') settle({ value: undefined })
        else if (phase === 'unsubscribed') settle({ error: unsubscribedError(this.channel, this.state) })
        else return
        off()
      }
      const offState = this.on('state', look)
      const abandoned = (error: ClientError): void => {
        settle({ error })
        off()
      }
      const off = (): void => {
        offState()
        this.#waiting.delete(abandoned)
      }
      this.#waiting.add(abandoned)
      look(this.state)
      const error = this.state.phase === 'subscribing' ? this.#commands.seek() : undefined
      if (error !== undefined) abandoned(error)
      return off
    })
  }

  /** Listens until the function that it returns is called, or the signal is aborted. */
  on<Name extends keyof SubscriptionEvents>(
    name: Name,
    listener: (event: SubscriptionEvents<Data>[Name]) => void,
    options?: { readonly signal?: AbortSignal },
  ): () => void {
    return this.#emitter.on(name, listener, options)
  }

  /**
   * Publishes. Resolves when the hub has stored it. Rejects with `ERR_REPLY` when it may not, with `ERR_NOT_ACKNOWLEDGED` or
   * `ERR_TIMEOUT` when nobody knows: publish again with the same `idempotencyKey`.
   */
  publish(data: Input, options?: PublishOptions): Promise<void> {
    return this.#commands.publish(this.channel, data as Json, options)
  }

  /** Sends any other command of the protocol that is about this channel; resolves with the hub's answer. */
  call<M extends ChannelMethod>(
    method: M,
    request: Omit<Requests[M], 'channel'>,
    options?: CallOptions,
  ): Promise<Results[M]> {
    return this.#commands.call(method, { ...request, channel: this.channel } as Requests[M], options) as Promise<
      Results[M]
    >
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.unsubscribe()
  }

  #handle(handlers: ReadonlyMap<string, MessageHandler<Data>>): void {
    this.on('publication', (publication) => {
      const handler = handlers.get(publication.type ?? '')
      if (handler !== undefined) this.#emitter.call(handler, publication.data, publication)
    })
  }

  #changed(state: SubscriptionState): void {
    this.#emitter.emit('state', state)
    // `subscribed` says more, and is told when that is known.
    if (state.phase === 'subscribing') {
      this.#signal?.addEventListener('abort', this.#aborted)
      this.#emitter.emit('subscribing', state)
    }
    if (state.phase !== 'unsubscribed') return
    this.#signal?.removeEventListener('abort', this.#aborted)
    this.#emitter.emit('unsubscribed', state)
  }

  #joined({ was_recovering, recovered, data }: SubscribeResult, gap: Gap | undefined): void {
    this.#emitter.emit('subscribed', {
      phase: 'subscribed',
      wasRecovering: was_recovering === true,
      recovered: recovered === true,
      data,
    })
    if (gap !== undefined) this.#emitter.emit('gap', gap)
  }
}
