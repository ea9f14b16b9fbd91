import type { ClientInfo } from '@wigwag/protocol'
import type { Announcement } from '../broker/broker.ts'
import { encodePosition, type Position } from '../publication/position.ts'
import type { Publication } from '../publication/publication.ts'
import type { PublicationCodec } from './publication-codec.ts'
import type { Subscription } from './subscription.ts'

/** A recovery that waits for the broker. */
interface Wait {
  /** Of those it is for, how many have not left. */
  subscriptions: number
  readonly end: () => void
}

/** The local side of a channel: who of this hub is subscribed, grouped by how they want publications written. */
export class Channel {
  /** Resolves when the broker will tell every publication stored from then on. */
  readonly ready: Promise<void>
  readonly #groups = new Map<PublicationCodec<unknown>, Set<Subscription>>()
  #subscriptions = 0
  /** What was published while a publication is delivered: it comes behind, for everyone. */
  #behind: Publication[] | undefined
  #interruptions = 0
  #toldUntilMs: number | undefined
  /** Who waits for an interruption: of each, the wait that it shares with those that recover together with it. */
  readonly #waiting = new Map<Subscription, Wait>()

  constructor(ready: Promise<void>) {
    this.ready = ready
  }

  /** How many subscriptions there are. */
  get size(): number {
    return this.#subscriptions
  }

  /** Adds a subscription. */
  add(subscription: Subscription): void {
    const { codec } = subscription.subscriber
    const group = this.#groups.get(codec)
    if (group === undefined) this.#groups.set(codec, new Set([subscription]))
    else group.add(subscription)
    this.#subscriptions++
  }

  /** Removes a subscription; does nothing when it is not there. */
  remove(subscription: Subscription): void {
    const { codec } = subscription.subscriber
    const group = this.#groups.get(codec)
    if (group?.delete(subscription) !== true) return
    if (group.size === 0) this.#groups.delete(codec)
    this.#subscriptions--
    // A broker may be away for long: whoever leaves meanwhile is not kept until then.
    const wait = this.#waiting.get(subscription)
    this.#waiting.delete(subscription)
    if (wait !== undefined && --wait.subscriptions === 0) wait.end()
  }

  /** How often publications may have been missed. History read before the last time does not join what is told since. */
  get interruptions(): number {
    return this.#interruptions
  }

  /** When the last publication was stored that came live; nothing when there was none. */
  get toldUntilMs(): number | undefined {
    return this.#toldUntilMs
  }

  /** How far its live subscriptions were told; nothing when none of them has a position. */
  get position(): Position | undefined {
    for (const { position } of this) if (position !== undefined) return position
    return undefined
  }

  /** Resolves when publications may have been missed once more, or when all `subscriptions` have left. */
  interruption(subscriptions: readonly Subscription[]): Promise<void> {
    const waiting = subscriptions.filter(({ phase }) => phase !== 'ended')
    return new Promise((end) => {
      const wait = { subscriptions: waiting.length, end }
      for (const subscription of waiting) this.#waiting.set(subscription, wait)
      if (waiting.length === 0) end()
    })
  }

  /** Publications may have been missed. Returns the live subscriptions that have to recover, by where they stand. */
  interrupt(): Iterable<{ readonly after: Position; readonly subscriptions: readonly Subscription[] }> {
    this.#interruptions++
    const waits = new Set(this.#waiting.values())
    this.#waiting.clear()
    for (const { end } of waits) end()
    const groups = new Map<string, { readonly after: Position; readonly subscriptions: Subscription[] }>()
    for (const subscription of this) {
      const after = subscription.interrupt()
      if (after === undefined) continue
      const group = groups.get(encodePosition(after))
      if (group === undefined) groups.set(encodePosition(after), { after, subscriptions: [subscription] })
      else group.subscriptions.push(subscription)
    }
    return groups.values()
  }

  /** Delivers a publication to everyone, encoded once for each way of writing it. `failed` is told whose subscription ended of it. */
  fanOut(publication: Publication, failed: (subscription: Subscription) => void): void {
    if (this.#behind !== undefined) {
      this.#behind.push(publication)
      return
    }
    this.#behind = [publication]
    try {
      for (const next of this.#behind) this.#fanOutOne(next, failed)
    } finally {
      this.#behind = undefined
    }
  }

  /** Tells everyone who listens for it who came or went. `failed` as above. */
  announce(name: string, kind: Announcement, info: ClientInfo, failed: (subscription: Subscription) => void): void {
    for (const [codec, group] of this.#groups) {
      if (codec.encodeAnnouncement === undefined) continue
      const encoded = codec.encodeAnnouncement(name, kind, info)
      for (const subscription of group) {
        subscription.announce(encoded)
        if (subscription.phase === 'ended') failed(subscription)
      }
    }
  }

  #fanOutOne(publication: Publication, failed: (subscription: Subscription) => void): void {
    // Only then the clock is the broker's.
    if (publication.position !== undefined) this.#toldUntilMs = publication.time
    for (const [codec, group] of this.#groups) {
      let encoded: unknown
      try {
        encoded = codec.encode(publication)
      } catch (error) {
        // A broker tells from its own callbacks, where an error would end the process.
        for (const subscription of group) {
          subscription.failThrown(error)
          failed(subscription)
        }
        continue
      }
      for (const subscription of group) {
        subscription.take(publication, encoded)
        if (subscription.phase === 'ended') failed(subscription)
      }
    }
  }

  /** Every subscription, to end them. */
  *[Symbol.iterator](): IterableIterator<Subscription> {
    for (const group of this.#groups.values()) yield* group
  }
}
