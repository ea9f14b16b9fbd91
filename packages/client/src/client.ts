import type {
  CheckedChannel,
  Contract,
  Json,
  MethodsOf,
  PublicationInput,
  PublicationOutput,
  RpcInput,
  RpcOutput,
} from '@wigwag/protocol'
import { type RpcArguments, rpc, send } from './calls.ts'
import type { CallOptions } from './cancellable.ts'
import { type ClientOptions, coreOptionsOf, maxBufferedOf, tokenOf } from './client-options.ts'
import { CoreClient } from './core-client.ts'
import type { ClientData } from './publication/publication-types.ts'
import { type Subscription, withQuestions } from './subscription/subscription.ts'
import type { SubscriptionOptions } from './subscription/subscription-options.ts'

/**
 * A hub's client: one connection, kept as long as it is wanted, and the subscriptions that live on it. It connects when it is
 * first needed. Types of what channels carry are those of the contract `C` (`new Client<typeof contract>(url)`).
 */
export class Client<const C extends Contract = Contract> extends CoreClient<C> {
  readonly #maxBuffered: number

  /**
   * `url`: where the hub is (ends in `/`), or its WebSocket endpoint; `ws:`, `wss:`, `http:` or `https:`, in a page also relative.
   * Throws `ClientError` `ERR_OPTION` for an option or a URL that is none.
   */
  constructor(url: string | URL, options: ClientOptions = {}) {
    super(url, coreOptionsOf(options))
    this.#maxBuffered = maxBufferedOf(options)
  }

  override subscribe<const Channel extends string>(
    channel: Channel & CheckedChannel<C, Channel>,
    { token, getToken, ...options }: SubscriptionOptions<ClientData<PublicationOutput<C, Channel>>> = {},
  ): Subscription<ClientData<PublicationOutput<C, Channel>>, ClientData<PublicationInput<C, Channel>>> {
    const by = tokenOf({ token, getToken })
    return withQuestions(
      super.subscribe(channel, { ...options, ...(by !== undefined && { token: by }) }),
      this.#maxBuffered,
    )
  }

  /** Calls a method of the hub; resolves with what it answers. Rejects with `ERR_REPLY` when it refuses. */
  rpc<const Name extends keyof MethodsOf<C> & string>(
    method: Name,
    ...given: RpcArguments<RpcInput<MethodsOf<C>[Name]>>
  ): Promise<RpcOutput<MethodsOf<C>[Name]>> {
    return rpc<C, Name>(this, method, ...given)
  }

  /** Sends something to the hub, for no channel. Resolves when it has been handed to the connection: there is no answer. */
  send(data: Json, options?: CallOptions): Promise<void> {
    return send(this as never, data, options)
  }
}
