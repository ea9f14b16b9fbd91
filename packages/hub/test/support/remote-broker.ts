import {
  type Announcement,
  type Broker,
  type BrokerListener,
  type BrokerStatus,
  createPublication,
  type History,
  type HistoryRange,
  type HistoryStart,
  HubError,
  type MemoryBrokerOptions,
  type Publication,
  type PublicationData,
  type PublishOptions,
} from '@wigwag/hub'
import type { BrokerOutage } from '@wigwag/hub/testing'
import type { ClientInfo } from '@wigwag/protocol'
import { createManualBroker, type ManualBroker } from './manual-broker.ts'

const DISCONNECTED: BrokerStatus = { state: 'disconnected', why: 'The test has cut the line.' }

/** A store that several brokers share and that each of them can lose sight of. */
export class RemoteStore {
  readonly #options: MemoryBrokerOptions
  #manual: ManualBroker
  readonly #brokers = new Set<RemoteBroker>()
  #incarnation = 0
  /** Asked for by someone: the store itself tells everything of these. */
  readonly #subscribed = new Set<string>()

  constructor(options: MemoryBrokerOptions = {}) {
    this.#options = options
    this.#manual = this.#createStore()
  }

  /** Loses everything that was stored, as a server without persistence does when it starts again. */
  loseStreams(): void {
    this.#manual = this.#createStore()
    for (const channel of this.#subscribed) void this.broker.subscribe(channel)
  }

  #createStore(): ManualBroker {
    const manual = createManualBroker(this.#options, ++this.#incarnation)
    void manual.broker.start({
      hub: '',
      publication: (publication) => {
        for (const broker of this.#brokers) broker.hear(publication)
      },
      missed: () => {},
      // All hubs say the same of a channel, so any may be asked.
      historyOf: (channel) => {
        for (const broker of this.#brokers) return broker.historyOf(channel)
        return undefined
      },
      joined: (channel, info) => {
        for (const broker of this.#brokers) broker.hearAnnounced(channel, 'join', info)
      },
      left: (channel, info) => {
        for (const broker of this.#brokers) broker.hearAnnounced(channel, 'leave', info)
      },
      control: (message) => {
        for (const broker of this.#brokers) broker.hearControl(message)
      },
    })
    return manual
  }

  /** Whether a channel keeps history, where its hub leaves that to the store. */
  get keepsHistory(): boolean {
    return this.#options.history?.size !== 0
  }

  get broker(): Broker {
    return this.#manual.broker
  }

  get nowMs(): number {
    return this.#manual.clock.nowMs
  }

  join(broker: RemoteBroker): void {
    this.#brokers.add(broker)
  }

  leave(broker: RemoteBroker): void {
    this.#brokers.delete(broker)
  }

  /** Tells the broker of one hub. */
  tellOne(message: string, hub: string): boolean {
    const told = [...this.#brokers].filter((broker) => broker.hub === hub)
    for (const broker of told) broker.hearControl(message)
    return told.length > 0
  }

  watch(channel: string): void {
    if (this.#subscribed.has(channel)) return
    this.#subscribed.add(channel)
    void this.broker.subscribe(channel)
  }

  advance(ms: number): void {
    this.#manual.clock.nowMs += ms
  }

  /** An outage of one broker, for the contract suite. */
  outageOf(broker: RemoteBroker): BrokerOutage {
    return {
      begin: async () => broker.cut(),
      end: async () => broker.mend(),
      createWitness: () => new RemoteBroker(this),
    }
  }
}

/** A broker whose store is elsewhere: the line to it can be cut and mended. It keeps the contract through that. */
export class RemoteBroker implements Broker {
  readonly #store: RemoteStore
  readonly #wanted = new Set<string>()
  readonly #whenBack: (() => unknown)[] = []
  #listener: BrokerListener | undefined
  status: BrokerStatus = { state: 'connected' }

  constructor(store: RemoteStore) {
    this.#store = store
  }

  /** Loses sight of the store. */
  cut(): void {
    this.status = DISCONNECTED
  }

  /** Finds it again. */
  mend(): void {
    for (const channel of this.#wanted) this.#listener?.missed(channel)
    this.status = { state: 'connected' }
    for (const act of this.#whenBack.splice(0)) act()
  }

  /** Does something behind the next `mend`. */
  whenBack(act: () => unknown): void {
    this.#whenBack.push(act)
  }

  /** The store tells. */
  hear(publication: Publication): void {
    if (this.status.state === 'connected' && this.#wanted.has(publication.channel))
      this.#listener?.publication(publication)
  }

  hearAnnounced(channel: string, kind: Announcement, info: ClientInfo): void {
    if (this.status.state !== 'connected' || !this.#wanted.has(channel)) return
    if (kind === 'join') this.#listener?.joined(channel, info)
    else this.#listener?.left(channel, info)
  }

  get hub(): string | undefined {
    return this.#listener?.hub
  }

  hearControl(message: string): void {
    if (this.status.state === 'connected') this.#listener?.control(message)
  }

  /** What the hub says of a channel. */
  historyOf(channel: string): ReturnType<BrokerListener['historyOf']> {
    return this.#listener?.historyOf(channel)
  }

  async start(listener: BrokerListener): Promise<void> {
    this.#listener = listener
    this.#store.join(this)
  }

  async publish(channel: string, data: PublicationData, options: PublishOptions = {}): Promise<Publication> {
    if (this.status.state === 'connected') return this.#store.broker.publish(channel, data, options)
    const history = this.historyOf(channel)
    if (history === undefined ? this.#store.keepsHistory : history.size > 0) throw away()
    const told = createPublication(channel, data, this.#store.nowMs, undefined, options)
    const publication = { ...told, degraded: true } as const
    if (this.#wanted.has(channel)) this.#listener?.publication(publication)
    return publication
  }

  async subscribe(channel: string): Promise<void> {
    this.#wanted.add(channel)
    this.#store.watch(channel)
  }

  async unsubscribe(channel: string): Promise<void> {
    this.#wanted.delete(channel)
  }

  async history(channel: string, from?: HistoryStart, range?: HistoryRange): Promise<History> {
    return this.#reached().history(channel, from, range)
  }

  async removeHistory(channel: string): Promise<void> {
    await this.#reached().removeHistory(channel)
  }

  async announce(channel: string, kind: Announcement, info: ClientInfo): Promise<void> {
    await this.#reached().announce(channel, kind, info)
  }

  async tell(message: string, hub?: string): Promise<boolean> {
    const store = this.#reached()
    return hub === undefined ? store.tell(message) : this.#store.tellOne(message, hub)
  }

  #reached(): Broker {
    if (this.status.state === 'disconnected') throw away()
    return this.#store.broker
  }

  async close(): Promise<void> {
    this.#listener = undefined
    this.#store.leave(this)
  }
}

function away(): HubError {
  return new HubError('ERR_BROKER_UNAVAILABLE', 'The test has cut the line.')
}
