import type { Centrifuge, Subscription, SubscriptionOptions, TransportEndpoint } from 'centrifuge'

/** How a client is made: what JSON can carry, so that it can be made in a browser. */
export interface StrictClientOptions {
  readonly token?: string
  /** What `getToken` answers, one after the other; behind the last it is unauthorized. `'never'`: it does not answer. */
  readonly tokens?: readonly string[] | 'never'
  readonly data?: unknown
  /** What `getData` answers. */
  readonly laterData?: unknown
  readonly name?: string
  readonly version?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly timeout?: number
  readonly maxServerPingDelay?: number
}

/** How a subscription is made. */
interface StrictSubscriptionOptions {
  readonly token?: string
  readonly tokens?: readonly string[] | 'never'
  readonly data?: unknown
  readonly since?: { readonly offset: number; readonly epoch: string }
  readonly joinLeave?: boolean
  readonly positioned?: boolean
  readonly recoverable?: boolean
  readonly delta?: 'fossil'
  readonly tagsFilter?: { readonly key: string; readonly cmp: 'eq'; readonly val: string }
  /** What `getState` answers, one after the other: the state of the application and where its stream stood. */
  readonly states?: readonly { readonly offset: number; readonly epoch: string }[]
}

/** What an event was told with: any of the fields that there are. */
export interface EventContext {
  readonly code?: number
  readonly reason?: string
  readonly channel?: string
  readonly client?: string
  readonly transport?: string
  readonly data?: unknown
  readonly offset?: number
  readonly tags?: Readonly<Record<string, string>>
  readonly info?: {
    readonly user: string
    readonly client: string
    readonly connInfo?: unknown
    readonly chanInfo?: unknown
  }
  readonly type?: string
  readonly error?: { readonly code: number; readonly message: string }
  readonly wasRecovering?: boolean
  readonly recovered?: boolean
  readonly hasRecoveredPublications?: boolean
  readonly streamPosition?: { readonly offset: number; readonly epoch: string }
}

/** A client of npm's `centrifuge`, and all that it told, where it runs: in Node or in a page. */
export interface StrictClient {
  readonly centrifuge: Centrifuge
  /** By channel; those of the client itself under no name. */
  readonly events: { readonly source: string; readonly event: string; readonly context: EventContext }[]
  /** Makes a subscription, and subscribes. */
  open(channel: string, options?: StrictSubscriptionOptions): Subscription
  /** Has some events, their names apart by blanks, in `events`. */
  record(source: string, emitter: Emitter, names: string): void
  /** What a promise was rejected with; `'fulfilled'` when it was not. */
  failure(promise: Promise<unknown>): Promise<unknown>
  /** Resolves with all events of a kind from one source, once there are so many. */
  heard(source: string, event: string, count: number): Promise<EventContext[]>
}

/** Something that tells. */
type Emitter = { on(event: string, listener: (context: unknown) => void): unknown }

/** Makes one. It runs in pages as well, as its own text: so it names nothing that is outside of it. */
export function createStrictClient(
  Client: typeof Centrifuge,
  endpoints: TransportEndpoint[],
  { tokens, laterData, ...options }: StrictClientOptions,
  environment: object,
): StrictClient {
  const events: { source: string; event: string; context: EventContext }[] = []
  const waiting = new Set<() => void>()
  const record = (source: string, emitter: Emitter, names: string): void => {
    for (const event of names.split(' ')) {
      emitter.on(event, (context) => {
        events.push({ source, event, context: JSON.parse(JSON.stringify(context)) })
        for (const check of [...waiting]) check()
      })
    }
  }
  const answering = (answers: StrictClientOptions['tokens']) => {
    const left = Array.isArray(answers) ? [...answers] : []
    return {
      getToken: (): Promise<string> => {
        const token = left.shift()
        if (token !== undefined) return Promise.resolve(token)
        const { UnauthorizedError } = Client as unknown as { UnauthorizedError: new (message: string) => Error }
        return answers === 'never' ? new Promise(() => {}) : Promise.reject(new UnauthorizedError(''))
      },
    }
  }
  const centrifuge = new Client(endpoints, {
    minReconnectDelay: 1,
    maxReconnectDelay: 50,
    ...options,
    ...(tokens !== undefined && answering(tokens)),
    ...(laterData !== undefined && { getData: async () => laterData }),
    ...environment,
  })
  const subscriptionEvents = 'subscribed unsubscribed publication join leave subscribing error'
  record('', centrifuge as Emitter, `connecting connected disconnected message ${subscriptionEvents}`)
  return {
    centrifuge,
    events,
    record,
    open: (channel, { tokens: subscriptionTokens, states, ...rest } = {}) => {
      const left = [...(states ?? [])]
      const subscription = centrifuge.newSubscription(channel, {
        minResubscribeDelay: 1,
        maxResubscribeDelay: 50,
        ...rest,
        ...(subscriptionTokens !== undefined && answering(subscriptionTokens)),
        ...(states !== undefined && { getState: async () => left.shift() as (typeof left)[0] }),
      } as Partial<SubscriptionOptions>)
      record(channel, subscription as Emitter, subscriptionEvents)
      subscription.subscribe()
      return subscription
    },
    failure: (promise) =>
      promise.then(
        () => 'fulfilled',
        (error: unknown) => JSON.parse(JSON.stringify(error)),
      ),
    heard: (source, event, count) =>
      new Promise((resolve) => {
        const check = (): void => {
          const found = events.filter((each) => each.source === source && each.event === event)
          if (found.length < count) return
          waiting.delete(check)
          resolve(found.map(({ context }) => context))
        }
        waiting.add(check)
        check()
      }),
  }
}
