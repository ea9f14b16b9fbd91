/// <reference lib="esnext.disposable" preserve="true" />
import type { CheckedChannel, Contract, Json, PublicationInput, PublicationOutput, Requests } from '@wigwag/protocol'
import type { CallOptions } from './cancellable.ts'
import { assembleClient, type ClientParts } from './client-parts.ts'
import type { Answer } from './command/commands.ts'
import type { PublishOptions } from './command/publish.ts'
import type { ClientEvents } from './connection/client-events.ts'
import type { CoreClientOptions } from './core-options.ts'
import type { ClientData } from './publication/publication-types.ts'
import { ready } from './ready.ts'
import type { ClientState } from './state/client-state.ts'
import type { CoreSubscription } from './subscription/core-subscription.ts'
import type { CoreSubscriptionOptions } from './subscription/subscription-options.ts'

/**
 * A hub's client without what is named to it by its options: see `Client`, which has all. One connection, kept as long as it is wanted,
 * and the subscriptions that live on it. It connects when it is first needed. Types of what channels carry are those of the contract `C`
 * (`new CoreClient<typeof contract>(url)`).
 */
export class CoreClient<const C extends Contract = Contract> {
  readonly #parts: ClientParts

  /**
   * `url`: where the hub is (ends in `/`), or its WebSocket endpoint; `ws:`, `wss:`, `http:` or `https:`, in a page also relative.
   * Throws `ClientError` `ERR_OPTION` for an option or a URL that is none.
   */
  constructor(url: string | URL, options: CoreClientOptions = {}) {
    this.#parts = assembleClient(url, options)
  }

  /** Whether there is a connection, and why not. */
  get state(): ClientState {
    return this.#parts.state
  }

  /** Connects now, rather than when it is needed; and again after it was sent away. */
  connect(): void {
    this.#parts.connect()
  }

  /** Ends the connection, and seeks no other. Subscriptions stay, for `connect()`. */
  disconnect(): void {
    this.#parts.disconnect()
  }

  /**
   * Resolves when it is connected. Rejects with `ERR_DISCONNECTED` when no connection is sought, and as `AbortSignal.timeout` does
   * after `timeoutMs`, by default never.
   */
  ready(options: CallOptions = {}): Promise<void> {
    return ready(
      options,
      () => this.#parts.seek() ?? (this.state.phase === 'connected' ? 'ready' : undefined),
      (changed) => this.on('state', changed),
    )
  }

  /** Listens until the function that it returns is called, or the signal is aborted. */
  on<Name extends keyof ClientEvents>(
    name: Name,
    listener: (event: ClientEvents[Name]) => void,
    options?: { readonly signal?: AbortSignal },
  ): () => void {
    return this.#parts.on(name, listener, options)
  }

  /**
   * Subscribes to a channel, over this connection and all that follow. Throws `ClientError` `ERR_OPTION` when there is a
   * subscription to it that has not ended.
   */
  subscribe<const Channel extends string>(
    channel: Channel & CheckedChannel<C, Channel>,
    options: CoreSubscriptionOptions<ClientData<PublicationOutput<C, Channel>>> = {},
  ): CoreSubscription<ClientData<PublicationOutput<C, Channel>>, ClientData<PublicationInput<C, Channel>>> {
    return this.#parts.subscribe(channel, options)
  }

  /** Publishes to a channel, subscribed or not: as `subscription.publish`. */
  publish<const Channel extends string>(
    channel: Channel & CheckedChannel<C, Channel>,
    data: ClientData<PublicationInput<C, Channel>>,
    options?: PublishOptions,
  ): Promise<void> {
    return this.#parts.publish(channel, data as Json, options)
  }

  /** Sends a command that is about no channel, when there is a connection; resolves with the hub's answer. See `rpc` and `send`. */
  call<M extends 'rpc' | 'send'>(method: M, request: Requests[M], options?: CallOptions): Promise<Answer<M>> {
    return this.#parts.call(method, request, options)
  }

  /** Ends the connection and every subscription. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#parts.unsubscribe()
    this.disconnect()
  }
}
