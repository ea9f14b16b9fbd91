import type { CheckedChannel, ClientInfo, Contract, PublicationInput, PublicationOutput } from '@wigwag/protocol'
import type {
  Announcement,
  BrokerListener,
  BrokerStatus,
  History,
  HistoryRange,
  HistoryStart,
  PublishOptions,
} from './broker/broker.ts'
import { checkNumberOption } from './broker/history-options.ts'
import { StartedBroker } from './broker/started-broker.ts'
import { assertChannelName } from './channel/channel-name.ts'
import { LocalChannels } from './channel/local-channels.ts'
import type { Subscriber } from './channel/subscriber.ts'
import type { Subscription } from './channel/subscription.ts'
import { Cluster } from './cluster/cluster.ts'
import { type ClusterList, listChannels, listHubs, listSessions } from './cluster/cluster-lists.ts'
import type { ConnectedSession, HubInfo } from './cluster/cluster-question.ts'
import { answerQuestion } from './cluster-answers.ts'
import { resolveContract } from './contract-options.ts'
import { drain } from './drain/drain.ts'
import { type DrainOptions, type ResolvedDrainOptions, resolveDrainOptions } from './drain/drain-options.ts'
import type { Drainable } from './drain/drainable.ts'
import { HubError } from './error/hub-error.ts'
import { hubErrorOf } from './error/hub-error-of.ts'
import { type HubOptions, resolveHubLimits } from './hub-options.ts'
import type { HubStats } from './hub-stats.ts'
import { Namespaces } from './namespace/namespaces.ts'
import type { PresenceKeeper } from './presence/presence-keeper.ts'
import type { PresenceStats } from './presence/presence-store.ts'
import type { JsonValue, Publication, PublicationData } from './publication/publication.ts'
import { utf8Bytes } from './publication/utf8-bytes.ts'
import { Publisher } from './publisher.ts'
import { callServerRpc, type ServerRpc, type ServerRpcAnswer } from './server-rpc.ts'
import { assertServable } from './session/server-subscription.ts'
import type { SessionPorts } from './session/session-ports.ts'
import { SessionRegistry } from './session/session-registry.ts'
import { SessionRelay } from './session-relay.ts'

/**
 * One process's switchboard: publications in, deliveries to its subscribers out. Pure; transports are others. Types of
 * what is published are those of its contract; without one a channel carries anything.
 */
export class Hub<const C extends Contract = Contract> {
  readonly #broker: StartedBroker
  readonly #channels: LocalChannels
  readonly #publisher: Publisher
  readonly #namespaces: Namespaces
  readonly #sessions: SessionRegistry | undefined
  readonly #cluster: Cluster | undefined
  readonly #relay: SessionRelay | undefined
  readonly #serverRpc: ServerRpc | undefined
  readonly #ports: SessionPorts | undefined
  /** What has clients that leave when the hub drains. */
  readonly #drainables = new Set<Drainable>()
  #draining: Promise<void> | undefined
  /** Whether the hub was told who may be a session of it and what sessions may do: by `authenticate` or `namespaces`. */
  readonly decidesOnSessions: boolean
  /** What the hub and its clients agree on: as it was given, or what the schemas of its options say. */
  readonly contract: C

  /** Without `ports` there can be channels, but no sessions. Throws `HubError` `ERR_OPTION` for an option out of range. */
  constructor(options: HubOptions, ports?: SessionPorts) {
    const { maxPublicationBytes, positionCheckIntervalMs } = resolveHubLimits(options)
    const { contract, namespaces } = resolveContract(options)
    // The types of a contract are its schemas': whoever names them gives the contract, or the options that it is made of.
    this.contract = contract as C
    this.decidesOnSessions = options.authenticate !== undefined || namespaces !== undefined
    this.#namespaces = new Namespaces(namespaces, options.authenticate === undefined ? 'anyone' : 'user')
    this.#broker = new StartedBroker(options.broker)
    this.#publisher = new Publisher(this.#broker, this.#namespaces, maxPublicationBytes)
    this.#ports = ports
    this.#channels = new LocalChannels(
      options.broker,
      () => this.#broker.started,
      ports && { positionCheckIntervalMs, ports },
    )
    this.#serverRpc = options.serverRpc
    if (ports !== undefined) {
      this.#sessions = this.#createSessions(options, ports)
      this.#cluster = this.#joinCluster(options, this.#sessions, ports)
      this.#relay = new SessionRelay(this.#sessions.emulated, this.#cluster)
      this.#drainables.add(this.#sessions)
    }
    this.#broker.start(this.#listener(), () => this.#cluster?.begin())
  }

  /** Resolves when the broker has started, which need not mean that it can be reached: `status` tells. Rejects when it could not start. */
  get started(): Promise<void> {
    return this.#broker.started
  }

  /** Largest publication accepted, in bytes. */
  get maxPublicationBytes(): number {
    return this.#publisher.maxPublicationBytes
  }

  /** Whether the broker can be reached. */
  get status(): BrokerStatus {
    return this.#broker.broker.status
  }

  /** What happened so far. */
  get stats(): HubStats {
    return { ...this.#channels.stats, sessions: this.#sessions?.stats.open ?? 0, published: this.#publisher.published }
  }

  /** Whether there can be sessions: whether the hub was made with the ports that they need. */
  get hasSessions(): boolean {
    return this.#sessions !== undefined
  }

  /** The sessions of this hub. Throws `HubError` `ERR_OPTION` for a hub that was made without the ports that they need. */
  get sessions(): SessionRegistry {
    if (this.#sessions !== undefined) return this.#sessions
    throw withoutPorts('A session')
  }

  /** What clients say beside what carries their sessions, on this hub or another one. Throws as `sessions` does. */
  get relay(): SessionRelay {
    if (this.#relay !== undefined) return this.#relay
    throw withoutPorts('A session')
  }

  /**
   * Publishes to a channel; resolves with the publication when the broker has stored it. Rejects with `HubError`
   * `ERR_CHANNEL_NAME`, `ERR_PUBLICATION_INVALID`, `ERR_PUBLICATION_DATA`, `ERR_PUBLICATION_TOO_LARGE`, `ERR_TAGS`, `ERR_IDEMPOTENCY_KEY`,
   * `ERR_HUB_CLOSED` or `ERR_BROKER_UNAVAILABLE` (nothing was stored), or with `ERR_NOT_ACKNOWLEDGED`: then nobody knows whether it was stored,
   * so publish again with the same `idempotencyKey`. With what the namespace's schema throws, if it does.
   */
  publish<const Channel extends string>(
    channel: CheckedChannel<C, Channel>,
    data: PublicationInput<C, Channel>,
    options?: PublishOptions,
  ): Promise<Publication<PublicationOutput<C, Channel>>>
  publish(channel: string, data: PublicationData, options: PublishOptions = {}): Promise<Publication> {
    return this.#publisher.publish(channel, data, options)
  }

  /**
   * Publishes the same to many channels; resolves with what became of each, in the order of `channels`. With an
   * `idempotencyKey` that holds in each channel.
   */
  broadcast(
    channels: readonly string[],
    data: PublicationData,
    options: PublishOptions = {},
  ): Promise<PromiseSettledResult<Publication>[]> {
    return Promise.allSettled(channels.map((channel) => this.publish(channel, data, options)))
  }

  /**
   * Checks that there can be such a channel: that its name is one, and that of a namespace. Throws `HubError`
   * `ERR_CHANNEL_NAME` or `ERR_NAMESPACE`.
   */
  assertServable(channel: string): void {
    assertServable(channel, { namespaces: this.#namespaces })
  }

  /**
   * Who is in a channel, on any hub, by session id. Rejects with `HubError` `ERR_CHANNEL_NAME`, `ERR_NAMESPACE`,
   * `ERR_NOT_AVAILABLE` where the namespace has no presence, `ERR_PRESENCE_UNAVAILABLE` or `ERR_HUB_CLOSED`.
   */
  async presence(channel: string): Promise<ReadonlyMap<string, ClientInfo>> {
    return this.#presenceOf(channel).presence(channel)
  }

  /** How many those are. Rejects as `presence` does. */
  async presenceStats(channel: string): Promise<PresenceStats> {
    return this.#presenceOf(channel).stats(channel)
  }

  /**
   * The hubs of the cluster, this one first, and how much there is on each. As all that asks the cluster it waits for
   * `cluster.answerTimeoutMs` at most. Rejects with `HubError` `ERR_BROKER_UNAVAILABLE` when there are others that could
   * not be asked, and `ERR_HUB_CLOSED`.
   */
  async info(): Promise<ClusterList<readonly HubInfo[]>> {
    return this.#inquire(listHubs)
  }

  /**
   * The channels that somebody in the cluster is subscribed to, and how many subscriptions each has; with `pattern`, those
   * whose names it fits (`*`: any text, `?`: one character). As `info`.
   */
  async channels(pattern?: string): Promise<ClusterList<ReadonlyMap<string, number>>> {
    return this.#inquire((cluster) => listChannels(cluster, pattern))
  }

  /** The connected sessions of the cluster, or those of one user. As `info`. */
  async connections(user?: string): Promise<ClusterList<readonly ConnectedSession[]>> {
    return this.#inquire((cluster) => listSessions(cluster, user))
  }

  /** Calls a function of `serverRpc`. Rejects with `HubError` `ERR_METHOD` when there is none of that name, or with what it throws. */
  async rpc(method: string, params?: JsonValue): Promise<ServerRpcAnswer> {
    this.#broker.assertOpen()
    return callServerRpc(this.#serverRpc, method, params)
  }

  /**
   * Reads a channel's history: what comes after the position `from`, the newest publication that is still held
   * (`'latest'`), or only where the stream stands; with a `range`, so many of them, or those before `from`. Rejects with
   * `HubError` `ERR_CHANNEL_NAME`, `ERR_OPTION`, `ERR_BROKER_UNAVAILABLE` or `ERR_HUB_CLOSED`.
   */
  history<const Channel extends string>(
    channel: CheckedChannel<C, Channel>,
    from?: HistoryStart,
    range?: HistoryRange,
  ): Promise<History<PublicationOutput<C, Channel>>>
  async history(channel: string, from?: HistoryStart, range?: HistoryRange): Promise<History> {
    if (range?.limit !== undefined) checkNumberOption('limit', range.limit, 0)
    assertChannelName(channel)
    return this.#broker.ask((broker) => broker.history(channel, from, range))
  }

  /**
   * Lets go of what a channel's history holds; its position stays, so whoever asks from an earlier one is told of the
   * gap. Rejects with `HubError` `ERR_CHANNEL_NAME`, `ERR_BROKER_UNAVAILABLE` or `ERR_HUB_CLOSED`.
   */
  async removeHistory(channel: string): Promise<void> {
    assertChannelName(channel)
    await this.#broker.ask((broker) => broker.removeHistory(channel))
  }

  /**
   * Subscribes to a channel, from now on, from behind `after`, or from the newest publication on (`'latest'`). What becomes of it is told to `subscriber`, also when
   * it fails. Throws `HubError` `ERR_CHANNEL_NAME` or `ERR_HUB_CLOSED`.
   */
  subscribe(name: string, subscriber: Subscriber, after?: HistoryStart): Subscription {
    this.#broker.assertOpen()
    assertChannelName(name)
    return this.#channels.subscribe(name, subscriber, after)
  }

  /** Ends a subscription. Does nothing when it has ended. */
  unsubscribe(name: string, subscription: Subscription): void {
    this.#channels.unsubscribe(name, subscription)
  }

  /** Whether new clients are taken: not any more once the hub drains or is closed. */
  get isLeaving(): boolean {
    return this.#draining !== undefined || this.#broker.refusing
  }

  /** How many clients are to come in a second, those that come back among them: as many as sessions are let in. */
  get maxArrivalsPerSecond(): number {
    return this.#sessions?.context.options.maxSessionsPerSecond ?? Number.POSITIVE_INFINITY
  }

  /** Has the clients of a transport leave when the hub drains. Returns the function that undoes it. */
  onDrain(drainable: Drainable): () => void {
    this.#drainables.add(drainable)
    return () => this.#drainables.delete(drainable)
  }

  /**
   * Takes no new clients (503), has those that are there leave evenly over `overMs`, each with advice when to come back, lets
   * each have what waits for it, and closes the hub. Resolves when that is done, `overMs` and `graceMs` later at the latest
   * but for the broker. Publishing goes on until then. Asked again, it is the same drain. Throws `HubError` `ERR_OPTION` that
   * names the option and what it takes.
   */
  drain(options: DrainOptions = {}): Promise<void> {
    const resolved = resolveDrainOptions(options)
    this.#draining ??= this.#drain(resolved)
    return this.#draining
  }

  /** Ends every subscription, and the broker. */
  async close(): Promise<void> {
    if (this.#broker.refusing) return
    this.#broker.refuse()
    this.#cluster?.close()
    await this.#sessions?.close()
    this.#channels.close(new HubError('ERR_HUB_CLOSED', 'The hub is closed.'))
    await this.#broker.broker.close()
  }

  async #drain(options: ResolvedDrainOptions): Promise<void> {
    const parts = [...this.#drainables]
    // Without a clock all leave at once, and nobody is dropped.
    const ports = this.#ports ?? { elapsedMs: () => 0, every: () => () => {} }
    const { overMs, graceMs } = options
    const pace = { overMs: this.#ports === undefined ? 0 : overMs, graceMs }
    await drain(parts, pace, this.maxArrivalsPerSecond, ports)
    await this.close()
  }

  #presenceOf(channel: string): PresenceKeeper {
    this.#broker.assertOpen()
    this.assertServable(channel)
    const presence = this.#namespaces.resolve(channel)?.namespace.presence && this.sessions.context.presence
    if (presence) return presence
    throw new HubError(
      'ERR_NOT_AVAILABLE',
      `The namespace of ${JSON.stringify(channel)} has no presence; set presence.`,
    )
  }

  async #inquire<T>(list: (cluster: Cluster) => Promise<T>): Promise<T> {
    this.#broker.assertOpen()
    if (this.#cluster === undefined) throw withoutPorts('A cluster')
    try {
      return await list(this.#cluster)
    } catch (error) {
      throw hubErrorOf(error)
    }
  }

  /** What the broker has to tell, and to whom that goes. */
  #listener(): BrokerListener {
    return {
      hub: this.#sessions?.hub ?? '',
      publication: (publication) => this.#channels.deliver(publication),
      missed: (channel) => {
        this.#sessions?.missed(channel)
        this.#channels.missed(channel)
      },
      historyOf: (channel) => this.#namespaces.resolve(channel)?.namespace.history,
      joined: (channel, info) => this.#channels.announce(channel, 'join', info),
      left: (channel, info) => {
        this.#sessions?.heardLeft(channel, info)
        this.#channels.announce(channel, 'leave', info)
      },
      control: (message) => {
        if (message.length > (this.#cluster?.options.maxMessageBytes ?? 0)) return
        this.#sessions?.told(message)
        this.#cluster?.told(message)
      },
    }
  }

  #joinCluster(options: HubOptions, sessions: SessionRegistry, ports: SessionPorts): Cluster {
    const sinceMs = ports.elapsedMs()
    const tell = (message: string, hub?: string): Promise<boolean> => this.#tell(message, hub)
    const cluster: Cluster = new Cluster(sessions.hub, options.cluster, ports, tell, (question) =>
      answerQuestion(question, {
        channels: this.#channels,
        sessions,
        cluster,
        relay: this.relay,
        uptimeMs: Math.floor(ports.elapsedMs() - sinceMs),
      }),
    )
    return cluster
  }

  #createSessions(options: HubOptions, ports: SessionPorts): SessionRegistry {
    const channels = {
      subscribe: this.subscribe.bind(this),
      unsubscribe: this.unsubscribe.bind(this),
      publish: (channel: string, data: PublicationData, options?: PublishOptions) =>
        this.#publisher.publishAsIs(channel, data, options),
      history: this.history.bind(this),
      announce: (channel: string, kind: Announcement, info: ClientInfo): void => {
        // It is told at most once; whoever missed it asks for presence.
        this.#broker.broker.announce(channel, kind, info).catch(() => {})
      },
      tell: async (message: string): Promise<void> => {
        await this.#tell(message)
      },
    }
    return new SessionRegistry(options, this.#namespaces, channels, ports, options.broker, this.contract.rpc)
  }

  /** Tells all hubs, or one, what is not too long. */
  async #tell(message: string, hub?: string): Promise<boolean> {
    const { maxMessageBytes = 0 } = this.#cluster?.options ?? {}
    const bytes = utf8Bytes(message)
    if (bytes > maxMessageBytes) {
      throw new HubError(
        'ERR_CLUSTER_MESSAGE_TOO_LARGE',
        `The hubs would have to be told ${bytes} bytes; cluster.maxMessageBytes is ${maxMessageBytes}. Say less, or raise it.`,
      )
    }
    return this.#broker.broker.tell(message, hub)
  }
}

function withoutPorts(what: string): HubError {
  return new HubError(
    'ERR_OPTION',
    `${what} needs ports: make the hub with createHub of @wigwag/hub/node, or give it some.`,
  )
}
