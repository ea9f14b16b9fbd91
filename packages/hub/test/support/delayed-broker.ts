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

/** What waits until the test lets it go on. */
type Lane = 'calls' | 'answers' | 'publications'

/**
 * A broker across a network that the test holds in its hands: calls wait before they take effect, answers wait before
 * they arrive, and what the listener is told comes by a way of its own, in order but as late as the test wants.
 */
export class DelayedBroker implements Broker {
  readonly #inner: Broker
  readonly #lanes: Record<Lane, (() => void)[]> = { calls: [], answers: [], publications: [] }
  #isTransparent = false

  constructor(inner: Broker) {
    this.#inner = inner
  }

  /** How much waits in a lane. */
  waiting(lane: Lane): number {
    return this.#lanes[lane].length
  }

  /** Lets the one that waits longest in a lane go on. */
  release(lane: Lane): void {
    this.#lanes[lane].shift()?.()
  }

  /** Holds back what comes from now on, as it does at the beginning. */
  hold(): void {
    this.#isTransparent = false
  }

  /** Loses the publications that wait, as a line does that is cut. */
  losePublications(): void {
    this.#lanes.publications.length = 0
  }

  /** Lets everything go on, from now on at once. */
  releaseAll(): void {
    this.#isTransparent = true
    for (const lane of ['calls', 'answers', 'publications'] as const) while (this.waiting(lane) > 0) this.release(lane)
  }

  start(listener: BrokerListener): Promise<void> {
    return this.#inner.start({
      ...listener,
      publication: (publication) => {
        if (this.#isTransparent && this.waiting('publications') === 0) listener.publication(publication)
        else this.#lanes.publications.push(() => listener.publication(publication))
      },
    })
  }

  get status(): BrokerStatus {
    return this.#inner.status
  }

  publish(channel: string, data: PublicationData, options?: PublishOptions): Promise<Publication> {
    return this.#inner.publish(channel, data, options)
  }

  subscribe(channel: string): Promise<void> {
    return this.#delay(() => this.#inner.subscribe(channel))
  }

  unsubscribe(channel: string): Promise<void> {
    return this.#delay(() => this.#inner.unsubscribe(channel))
  }

  history(channel: string, from?: HistoryStart, range?: HistoryRange): Promise<History> {
    return this.#delay(() => this.#inner.history(channel, from, range))
  }

  removeHistory(channel: string): Promise<void> {
    return this.#delay(() => this.#inner.removeHistory(channel))
  }

  announce(channel: string, kind: Announcement, info: ClientInfo): Promise<void> {
    return this.#delay(() => this.#inner.announce(channel, kind, info))
  }

  /** It is about no channel, and takes no turn among what is. */
  tell(message: string, hub?: string): Promise<boolean> {
    return this.#inner.tell(message, hub)
  }

  close(): Promise<void> {
    return this.#inner.close()
  }

  async #delay<T>(call: () => Promise<T>): Promise<T> {
    await this.#pass('calls')
    const answer = await call()
    await this.#pass('answers')
    return answer
  }

  #pass(lane: Lane): Promise<void> | undefined {
    if (this.#isTransparent && this.waiting(lane) === 0) return undefined
    return new Promise((resolve) => this.#lanes[lane].push(resolve))
  }
}
