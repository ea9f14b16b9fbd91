import type { Client, Gap, Publication, Subscription } from '@wigwag/client'
import { expect } from 'vitest'

/** A subscriber, with all that it was told, in order. */
class Reader {
  readonly told: ('gap' | number)[] = []
  readonly subscription: Subscription
  /** Whether the handler of the next publication leaves, and comes back at once. */
  flinches = false

  constructor(client: Client, name: string) {
    this.subscription = client.subscribe(name, { onGap: (_gap: Gap) => this.told.push('gap') })
    this.subscription.on('publication', ({ data }: Publication) => this.#take(data as number))
  }

  #take(data: number): void {
    this.told.push(data)
    if (!this.flinches) return
    this.flinches = false
    this.subscription.unsubscribe()
    this.subscription.subscribe()
  }
}

/** What was published in some channels, and what a client was told of it. */
export class Deliveries {
  readonly readers: readonly Reader[]
  readonly published: readonly number[][]
  readonly #names: readonly string[]
  #last = 0

  constructor(client: Client, names: readonly string[]) {
    this.#names = names
    this.readers = names.map((name) => new Reader(client, name))
    this.published = names.map(() => [])
  }

  async publish(hub: { publish(channel: string, data: number): Promise<unknown> }, index: number): Promise<void> {
    const data = ++this.#last
    this.published[index]?.push(data)
    await hub.publish(this.#names[index] as string, data)
  }

  /** All are there again, to stay. */
  settle(): void {
    for (const reader of this.readers) {
      reader.flinches = false
      reader.subscription.subscribe()
    }
  }

  /** Whether each was told of the last of all. */
  get isComplete(): boolean {
    return this.readers.every(({ told }, index) => told.at(-1) === this.published[index]?.at(-1))
  }

  /** Each once and in order; and where some are missing, a gap in that very place. */
  check(): void {
    for (const [index, { told }] of this.readers.entries()) {
      const published = this.published[index] as number[]
      let at = -1
      let mayMiss = true
      for (const each of told) {
        if (each === 'gap') mayMiss = true
        else {
          const place = published.indexOf(each)
          if (mayMiss) expect(place).toBeGreaterThan(at)
          else expect(place).toBe(at + 1)
          at = place
          mayMiss = false
        }
      }
      // The last of all was published when everything was whole.
      expect(told.at(-1)).toBe(published.at(-1))
    }
  }
}
