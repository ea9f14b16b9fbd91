import { type Gap, Hub, type Position, type Publication, type Subscriber } from '@wigwag/hub'
import { RedisBroker, type RedisBrokerOptions } from '@wigwag/redis'
import { QUICK, untilStatus } from './redis-brokers.ts'

/** A hub with a broker of its own. */
export interface HubOnRedis {
  readonly hub: Hub
  readonly broker: RedisBroker
}

/** Connects a hub to Redis. */
export async function hubOnRedis(options: RedisBrokerOptions): Promise<HubOnRedis> {
  const broker = new RedisBroker({ ...QUICK, ...options })
  const hub = new Hub({ broker })
  await untilStatus(broker, 'connected')
  return { hub, broker }
}

/** What a subscriber was told: publications and gaps in their order, and what it waits for. */
export class Notes implements Subscriber<Publication> {
  readonly codec: Subscriber<Publication>['codec'] = { encode: (publication) => publication }
  readonly publications: Publication[] = []
  readonly gaps: Gap[] = []
  readonly failures: Error[] = []
  /** Publications and gaps in their order. */
  readonly log: (Publication | Gap)[] = []
  /** Data of publications, and the reasons of gaps in brackets. */
  readonly words: unknown[] = []
  lives = 0
  /** Where the stream stood when the subscription went live for the first time. */
  start: Position | undefined
  readonly #waiting = new Set<() => void>()

  deliver(_encoded: Publication, publication: Publication): void {
    this.publications.push(publication)
    this.log.push(publication)
    this.#note(publication.data)
  }

  gap(gap: Gap): void {
    this.gaps.push(gap)
    this.log.push(gap)
    this.#note(`[${gap.reason}]`)
  }

  live(position: Position | undefined): void {
    if (this.lives++ === 0) this.start = position
    this.#notify()
  }

  failed(error: Error): void {
    this.failures.push(error)
    this.#note(`[${error.message}]`)
  }

  /** Resolves when `count` publications were delivered. */
  async untilDelivered(count: number): Promise<readonly Publication[]> {
    await this.until(() => this.publications.length >= count)
    return this.publications
  }

  /** Resolves when the subscription is live, or live again: for the `times`th time. */
  async untilLive(times = 1): Promise<void> {
    await this.until(() => this.lives >= times)
  }

  /** Resolves when `isTrue` after something was told. */
  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) {
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve)
      })
    }
  }

  #note(word: unknown): void {
    this.words.push(word)
    this.#notify()
  }

  #notify(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}

/** Subscribes to a channel from now on; resolves when that is so. */
export async function notesOf({ hub }: HubOnRedis, channel: string): Promise<Notes> {
  const notes = new Notes()
  hub.subscribe(channel, notes)
  await notes.untilLive()
  return notes
}

/** Asks another program, which does not say when it is done, until it answers so. */
export async function untilAnswered<T>(ask: () => Promise<T>, isWanted: (answer: T) => boolean): Promise<T> {
  const deadlineMs = Date.now() + 20_000
  for (;;) {
    const answer = await ask()
    if (isWanted(answer)) return answer
    if (Date.now() > deadlineMs) throw new Error(`After 20 s the answer is still ${JSON.stringify(answer)}.`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
