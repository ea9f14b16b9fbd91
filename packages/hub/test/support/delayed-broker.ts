import type { Announcement, BrokerListener, History, HistoryRange, HistoryStart } from '@wigwag/hub'
import { ForwardingBroker } from '@wigwag/hub/testing'
import type { ClientInfo } from '@wigwag/protocol'

/** What waits until the test lets it go on. */
type Lane = 'calls' | 'answers' | 'publications'

/**
 * A broker across a network that the test holds in its hands: calls wait before they take effect, answers wait before
 * they arrive, and what the listener is told comes by a way of its own, in order but as late as the test wants. Publications
 * and what hubs tell each other are about no subscription, and take no turn.
 */
export class DelayedBroker extends ForwardingBroker {
  readonly #lanes: Record<Lane, (() => void)[]> = { calls: [], answers: [], publications: [] }
  #isTransparent = false

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

  override start(listener: BrokerListener): Promise<void> {
    return super.start({
      ...listener,
      publication: (publication) => {
        if (this.#isTransparent && this.waiting('publications') === 0) listener.publication(publication)
        else this.#lanes.publications.push(() => listener.publication(publication))
      },
    })
  }

  override subscribe(channel: string): Promise<void> {
    return this.#delay(() => super.subscribe(channel))
  }

  override unsubscribe(channel: string): Promise<void> {
    return this.#delay(() => super.unsubscribe(channel))
  }

  override history(channel: string, from?: HistoryStart, range?: HistoryRange): Promise<History> {
    return this.#delay(() => super.history(channel, from, range))
  }

  override removeHistory(channel: string): Promise<void> {
    return this.#delay(() => super.removeHistory(channel))
  }

  override announce(channel: string, kind: Announcement, info: ClientInfo): Promise<void> {
    return this.#delay(() => super.announce(channel, kind, info))
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
