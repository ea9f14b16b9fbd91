import type { PublicationPacket, SubscribeResult, SubscriptionRequest } from '@wigwag/protocol'
import type { Gap } from '../state/gap.ts'
import { StreamPlace } from '../state/stream-place.ts'

/** Who hears of the channels that the server has put the session into. */
export interface ServerSubscriptionsSink {
  subscribed(channel: string, gap: Gap | undefined): void
  delivered(channel: string, publication: PublicationPacket): void
  unsubscribed(channel: string, code: number, reason: string): void
}

/** Channels that the server has put the session into, and where each stands. */
export class ServerSubscriptions {
  readonly #sink: ServerSubscriptionsSink
  readonly #places = new Map<string, StreamPlace>()
  /** Counts connections: what was read of one that a handler has ended is not taken, and comes over the next. */
  #connection = 0

  constructor(sink: ServerSubscriptionsSink) {
    this.#sink = sink
  }

  /** What to ask for when the client comes back; undefined: nothing. */
  get request(): Readonly<Record<string, SubscriptionRequest>> | undefined {
    const wanted = [...this.#places].filter(([, { position }]) => position !== undefined)
    if (wanted.length === 0) return undefined
    return Object.fromEntries(wanted.map(([channel, place]) => [channel, place.request]))
  }

  /** Whether each could go on from where it is. */
  get canRecover(): boolean {
    return [...this.#places.values()].every(({ position }) => position !== undefined)
  }

  has(channel: string): boolean {
    return this.#places.has(channel)
  }

  /** The client is connected: these there are, and no others. */
  joined(results: Readonly<Record<string, SubscribeResult>>): void {
    const connection = this.#connection
    const gone = [...this.#places.keys()].filter((channel) => !Object.hasOwn(results, channel))
    for (const channel of gone) this.left(channel, 2000, 'not subscribed any more')
    for (const [channel, result] of Object.entries(results)) {
      if (connection === this.#connection) this.subscribed(channel, result)
    }
  }

  /** The connection is over. */
  dropped(): void {
    this.#connection++
  }

  /** The server has put the session into a channel. */
  subscribed(channel: string, result: SubscribeResult): void {
    const connection = this.#connection
    const place = this.#places.get(channel) ?? new StreamPlace()
    this.#places.set(channel, place)
    this.#sink.subscribed(channel, place.join(result))
    for (const publication of result.publications ?? []) {
      if (connection === this.#connection) this.deliver(channel, publication)
    }
  }

  /** A publication has come. */
  deliver(channel: string, publication: PublicationPacket): void {
    this.#places.get(channel)?.advance(publication.offset)
    this.#sink.delivered(channel, publication)
  }

  /** The server has taken the session out of a channel. */
  left(channel: string, code: number, reason: string): void {
    if (this.#places.delete(channel)) this.#sink.unsubscribed(channel, code, reason)
  }

  /** Nothing that is known of streams holds any more. */
  invalidate(): void {
    for (const place of this.#places.values()) place.invalidate()
  }
}
