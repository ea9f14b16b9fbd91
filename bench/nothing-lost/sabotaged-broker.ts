import type { Broker, BrokerListener, History, HistoryRange, HistoryStart } from '@wigwag/hub'
import { ForwardingBroker } from '@wigwag/hub/testing'
import type { Sabotage } from './scenario.ts'

/** How long history takes, in milliseconds. */
const READING_MS = 5

/**
 * A broker that lets its hub down, so that runs fail which have to. It is slow to read history, and either withholds what
 * comes live meanwhile (to its hub it is as though recoveries did not merge both) or tells of a gap wherever somebody
 * asks from a position.
 */
export class SabotagedBroker extends ForwardingBroker {
  readonly #how: Sabotage
  /** How many reads of each channel are under way. */
  readonly #reading = new Map<string, number>()

  constructor(inner: Broker, how: Sabotage) {
    super(inner)
    this.#how = how
  }

  override start(listener: BrokerListener): Promise<void> {
    return this.inner.start({
      ...listener,
      publication: (publication) => {
        if (this.#how !== 'forget-live' || !this.#reading.has(publication.channel)) listener.publication(publication)
      },
    })
  }

  override async history(channel: string, from?: HistoryStart, range?: HistoryRange): Promise<History> {
    const history = await this.inner.history(channel, from, range)
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
}
