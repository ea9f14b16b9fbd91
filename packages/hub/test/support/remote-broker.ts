import {
  type Broker,
  type BrokerListener,
  type BrokerStatus,
  type History,
  type HistoryStart,
  HubError,
  type MemoryBrokerOptions,
  type Publication,
  type PublicationData,
  type PublishOptions,
} from '@wigwag/hub'
import type { BrokerOutage } from '@wigwag/hub/testing'
import { createManualBroker, type ManualBroker } from './manual-broker.ts'

const DISCONNECTED: BrokerStatus = { state: 'disconnected', why: 'The test has cut the line.' }

/** A store that several brokers share and that each of them can lose sight of. */
export class RemoteStore {
  readonly #options: MemoryBrokerOptions
  #manual: ManualBroker
  readonly keepsHistory: boolean
  readonly #brokers = new Set<RemoteBroker>()
  #incarnation = 0
  /** Asked for by someone: the store itself tells everything of these. */
  readonly #subscribed = new Set<string>()

  constructor(options: MemoryBrokerOptions = {}) {
    this.#options = options
    this.#manual = this.#createStore()
    this.keepsHistory = options.history?.size !== 0
  }

  /** Loses everything that was stored, as a server without persistence does when it starts again. */
  loseStreams(): void {
    this.#manual = this.#createStore()
    for (const channel of this.#subscribed) void this.broker.subscribe(channel)
  }

  #createStore(): ManualBroker {
    const manual = createManualBroker(this.#options, ++this.#incarnation)
    void manual.broker.start({
      publication: (publication) => {
        for (const broker of this.#brokers) broker.hear(publication)
      },
      missed: () => {},
    })
    return manual
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

  async start(listener: BrokerListener): Promise<void> {
    this.#listener = listener
    this.#store.join(this)
  }

  async publish(channel: string, data: PublicationData, options?: PublishOptions): Promise<Publication> {
    if (this.status.state === 'connected') return this.#store.broker.publish(channel, data, options)
    if (this.#store.keepsHistory) throw away()
    const publication = { channel, data, time: this.#store.nowMs, position: undefined, degraded: true } as const
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

  async history(channel: string, from?: HistoryStart): Promise<History> {
    if (this.status.state === 'disconnected') throw away()
    return this.#store.broker.history(channel, from)
  }

  async close(): Promise<void> {
    this.#listener = undefined
    this.#store.leave(this)
  }
}

function away(): HubError {
  return new HubError('ERR_BROKER_UNAVAILABLE', 'The test has cut the line.')
}
