import type { CheckedChannel, Contract, PublicationInput, PublicationOutput } from '@wigwag/protocol'
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
}
