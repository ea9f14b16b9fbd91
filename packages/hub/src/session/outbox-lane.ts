import type { SlowConsumerOptions } from '../namespace/slow-consumer.ts'
import type { Position } from '../publication/position.ts'
import type { Publication } from '../publication/publication.ts'
import type { Amount, QueuedPacket } from './packet-queue.ts'

/** How a subscription wants its publications treated. */
export interface LaneOptions {
  readonly channel: string
  readonly slowConsumer: SlowConsumerOptions
  /**
   * Whether the client may recover from the offset that it saw last (the subscription is positioned or recoverable): then
   * nothing is sent behind a publication that was dropped.
   */
  readonly isExact: boolean
}

/** Publications that a session was not sent, because it was too slow. */
export interface DroppedPublications {
  readonly channel: string
  readonly count: number
  /** Where the first of them is in the stream; nowhere when no history is kept. */
  readonly since: Position | undefined
}

/** One subscription's publications on their way through the outbox. A subscription that begins anew has a new lane. */
export class OutboxLane<Packet = unknown> {
  readonly channel: string
  readonly isExact: boolean
  readonly policy: SlowConsumerOptions['policy']
  /** Whether what waits may go for others: it is dropped by policy, and the client has no position to lose. */
  readonly yields: boolean
  /** How much waits. */
  readonly queued: Amount = { bytes: 0, packets: 0 }
  /** How many publications were dropped (count). */
  dropped = 0
  /** How many were superseded by newer ones with the same key (count). */
  superseded = 0
  /** `'broken'`: something was dropped that must not be missing; nothing may follow. `'closed'`: the subscription has ended. */
  phase: 'open' | 'broken' | 'closed' = 'open'
  readonly #key: ((data: Publication['data'], publication: Publication) => string | undefined) | undefined
  /** The newest that waits for each key, where keys are asked for. */
  readonly #newest: Map<string, QueuedPacket<Packet>> | undefined
  #oldest: QueuedPacket<Packet> | undefined
  #last: QueuedPacket<Packet> | undefined
  #untold: { count: number; readonly since: Position | undefined } | undefined

  constructor({ channel, slowConsumer, isExact }: LaneOptions) {
    this.channel = channel
    this.isExact = isExact
    this.policy = slowConsumer.policy
    this.#key = slowConsumer.policy === 'conflate' ? slowConsumer.key : undefined
    this.#newest = this.#key && new Map()
    this.yields = !isExact && (this.policy === 'drop-oldest' || this.policy === 'drop-newest')
  }

  /** What a publication is about, if this lane asks. Throws what the application's function throws. */
  keyOf(publication: Publication): string | undefined {
    return this.#key?.(publication.data, publication)
  }

  /** The newest that waits with this key. */
  newest(key: string): QueuedPacket<Packet> | undefined {
    return this.#newest?.get(key)
  }

  /** The first to go, in a lane that yields. */
  get oldest(): QueuedPacket<Packet> | undefined {
    return this.#oldest
  }

  /** Told by the queue. */
  added(queued: QueuedPacket<Packet>): void {
    this.queued.bytes += queued.bytes
    this.queued.packets++
    if (queued.key !== undefined) this.#newest?.set(queued.key, queued)
    if (!this.yields) return
    if (this.#last === undefined) this.#oldest = queued
    else this.#last.nextOfLane = queued
    this.#last = queued
  }

  /** Told by the queue. */
  removed(queued: QueuedPacket<Packet>): void {
    this.queued.bytes -= queued.bytes
    this.queued.packets--
    if (queued.key !== undefined && this.newest(queued.key) === queued) this.#newest?.delete(queued.key)
    if (!this.yields) return
    this.#oldest = queued.nextOfLane
    if (this.#oldest === undefined) this.#last = undefined
  }

  /** Counts a publication that is dropped. */
  drop(since: Position | undefined): void {
    this.dropped++
    if (this.#untold === undefined) this.#untold = { count: 1, since }
    else this.#untold.count++
  }

  /** What was dropped since this was asked last. */
  takeDropped(): DroppedPublications | undefined {
    const untold = this.#untold
    this.#untold = undefined
    return untold && { channel: this.channel, count: untold.count, since: untold.since }
  }
}
