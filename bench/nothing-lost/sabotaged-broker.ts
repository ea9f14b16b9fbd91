import type {
  Announcement,
  Broker,
  BrokerListener,
  BrokerStatus,
  History,
  HistoryRange,
  HistoryStart,
  Publication,
  PublicationData,
  PublishOptions,
} from '@wigwag/hub'
import type { ClientInfo } from '@wigwag/protocol'
import type { Sabotage } from './scenario.ts'

/** How long history takes, in milliseconds. */
const READING_MS = 5

/**
 * A broker that lets its hub down, so that runs fail which have to. It is slow to read history, and either withholds what
 * comes live meanwhile (to its hub it is as though recoveries did not merge both) or tells of a gap wherever somebody
 * asks from a position.
 */
export class SabotagedBroker implements Broker {
  readonly #inner: Broker
  readonly #how: Sabotage
  /** How many reads of each channel are under way. */
  readonly #reading = new Map<string, number>()

  constructor(inner: Broker, how: Sabotage) {
    this.#inner = inner
    this.#how = how
  }

  get status(): BrokerStatus {
    return this.#inner.status
  }

  start(listener: BrokerListener): Promise<void> {
    return this.#inner.start({
      ...listener,
      publication: (publication) => {
        if (this.#how !== 'forget-live' || !this.#reading.has(publication.channel)) listener.publication(publication)
      },
    })
  }

  async history(channel: string, from?: HistoryStart, range?: HistoryRange): Promise<History> {
    const history = await this.#inner.history(channel, from, range)
    this.#reading.set(channel, (this.#reading.get(channel) ?? 0) + 1)
    try {
      await new Promise((resolve) => setTimeout(resolve, READING_MS))
    } finally {
      const left = (this.#reading.get(channel) ?? 1) - 1
      if (left > 0) this.#reading.set(channel, left)
      else this.#reading.delete(channel)
    }
    if (this.#how !== 'invent-gaps' || typeof from !== 'object') return history
    return { ...history, gap: history.gap ?? { reason: 'history-expired', after: from, position: history.position } }
  }

  publish(channel: string, data: PublicationData, options?: PublishOptions): Promise<Publication> {
    return this.#inner.publish(channel, data, options)
  }

  subscribe(channel: string): Promise<void> {
    return this.#inner.subscribe(channel)
  }

  unsubscribe(channel: string): Promise<void> {
    return this.#inner.unsubscribe(channel)
  }

  removeHistory(channel: string): Promise<void> {
    return this.#inner.removeHistory(channel)
  }

  announce(channel: string, kind: Announcement, info: ClientInfo): Promise<void> {
    return this.#inner.announce(channel, kind, info)
  }

  tell(message: string, hub?: string): Promise<boolean> {
    return this.#inner.tell(message, hub)
  }

  close(): Promise<void> {
    return this.#inner.close()
  }
}
