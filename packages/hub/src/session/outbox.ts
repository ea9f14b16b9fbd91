import type { Publication } from '../publication/publication.ts'
import { type EncodedPacket, packetBytes } from './encoded-packet.ts'
import { type DroppedPublications, type LaneOptions, OutboxLane } from './outbox-lane.ts'
import type { OutboxOptions } from './outbox-options.ts'
import { PacketQueue, type QueuedPacket } from './packet-queue.ts'

/** Where packets go. It tells the outbox `drained` when it has fallen to the high-water mark from above. */
export interface OutboxTransport<Packet> {
  /** Bytes that it was given and has not written yet. */
  readonly bufferedAmount: number
  /** Takes a packet, whatever it holds already. Does not throw. */
  send(packet: Packet | string): void
}

/** What an outbox tells its session. Whatever is told may be answered by calling the outbox. */
export interface OutboxHost {
  /**
   * Publications were dropped: told when the transport has drained, when the subscription breaks or ends and when the
   * outbox closes, once a channel for all since the last time. Counters say it at once.
   */
  dropped(dropped: DroppedPublications): void
  /**
   * A publication was dropped of a subscription that must not miss one. Nothing of it is taken any more: end it with
   * unsubscribe code 2500, pushed here, behind what waits of it.
   */
  broken(channel: string): void
  /**
   * More waits than may, and nothing of it may be dropped: the outbox has closed, with `discarded` publications that
   * waited (count). Disconnect with code 3008.
   */
  slow(discarded: number): void
}

/** What became of a packet. `'dropped'`: by policy; `'closed'`: the outbox or the subscription has ended. */
export type Delivery = 'sent' | 'queued' | 'dropped' | 'closed'

/** What waits, and what did not go. */
export interface OutboxStats {
  readonly queuedBytes: number
  readonly queuedPackets: number
  /** Publications dropped, as long as the outbox exists (count). */
  readonly dropped: number
  /** Publications superseded by newer ones with the same key (count). */
  readonly superseded: number
}

/**
 * A session's packets on their way to its transport. While that takes everything, nothing waits here and a packet costs
 * one call. Above the high-water mark everything waits here in one order, so that no packet overtakes another, and slow
 * consumer policies act on publications: before they are compressed, so that whatever was compressed is sent.
 *
 * **Who pays for room.** A lane that drops its oldest pays itself. Publications that must not be dropped
 * (`'disconnect'`, `'conflate'`) are given the room of those that may be, oldest first of the lane that takes up most;
 * otherwise one channel of fast and dispensable data would cost a session all its others.
 *
 * **Where a conflated publication stands.** At its own place, the end: the older one is taken out. In the older's place
 * offsets would not rise, and a client that is cut off in between would hold the position of something newer than what
 * it still lacks. But a key that always moves to the end may never leave, when others are as busy; so what waits when
 * the transport has drained is settled: superseded no more, until it has left. Of each key at most two wait, and each
 * is sent in its turn. When room is short, settled publications that are superseded go first.
 */
export class Outbox<Packet extends EncodedPacket = EncodedPacket> {
  readonly #transport: OutboxTransport<Packet>
  readonly #host: OutboxHost
  readonly #options: Required<OutboxOptions>
  readonly #queue = new PacketQueue<Packet>()
  // Made when they are needed: most sessions never fall behind, and an idle one should cost little.
  /** What waits in lanes that yield. */
  #yielding: Set<OutboxLane<Packet>> | undefined
  /** Lanes that have dropped what was not told. */
  #untold: Set<OutboxLane<Packet>> | undefined
  #order = 0
  /** What came before this is settled. */
  #settledBefore = 0
  #dropped = 0
  #superseded = 0
  #phase: 'open' | 'flushing' | 'closed' = 'open'

  /** `options` come from `resolveOutboxOptions`; sessions share them. */
  constructor(transport: OutboxTransport<Packet>, host: OutboxHost, options: Required<OutboxOptions>) {
    this.#transport = transport
    this.#host = host
    this.#options = options
  }

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.#queue.head === undefined
  }

  get stats(): OutboxStats {
    const { publications, control } = this.#queue
    return {
      queuedBytes: publications.bytes + control.bytes,
      queuedPackets: publications.packets + control.packets,
      dropped: this.#dropped,
      superseded: this.#superseded,
    }
  }

  /** Begins a subscription's way through the outbox. */
  open(options: LaneOptions): OutboxLane<Packet> {
    return new OutboxLane(options)
  }

  /** Ends it: nothing more of the subscription is taken; what waits of it leaves in its turn. */
  end(lane: OutboxLane<Packet>): void {
    lane.phase = 'closed'
    this.#tellDropped(lane)
  }

  /** Sends a publication, or has it wait as policy says. Throws what the application's `key` throws. */
  deliver(lane: OutboxLane<Packet>, packet: Packet, publication: Publication): Delivery {
    if (lane.phase !== 'open' || this.#phase === 'closed') return 'closed'
    if (this.#isIdle()) {
      this.#transport.send(packet)
      return 'sent'
    }
    const key = lane.keyOf(publication)
    const bytes = packetBytes(packet)
    this.#supersede(lane, key)
    if (!this.#fits(bytes) && !this.#makeSpace(lane, bytes, key)) {
      if (lane.policy === 'drop-oldest' || lane.policy === 'drop-newest') return this.#refuse(lane, publication)
      this.#overflow()
      return 'closed'
    }
    this.#append(packet, bytes, lane, publication, key)
    if (lane.yields) {
      this.#yielding ??= new Set()
      this.#yielding.add(lane)
    }
    return 'queued'
  }

  /** Sends a packet that is no publication; no policy drops it. */
  push(packet: Packet | string): Delivery {
    if (this.#isIdle()) {
      this.#transport.send(packet)
      return 'sent'
    }
    if (this.#phase === 'closed') return 'closed'
    const bytes = packetBytes(packet)
    const { control } = this.#queue
    const { maxControlBytes, maxControlPackets } = this.#options
    if (control.bytes + bytes > maxControlBytes || control.packets >= maxControlPackets) {
      this.#overflow()
      return 'closed'
    }
    this.#append(packet, bytes, undefined, undefined, undefined)
    return 'queued'
  }

  /** The transport has room: sends what waits until it is above its mark again. */
  drained(): void {
    if (this.#phase !== 'open') return
    this.#tellAllDropped()
    this.#flush()
    const { head } = this.#queue
    if (head !== undefined && head.order >= this.#settledBefore) this.#settledBefore = this.#order
  }

  /** Lets go of what waits, and takes nothing more. Returns how many publications waited. */
  close(): number {
    this.#phase = 'closed'
    const { packets } = this.#queue.publications
    this.#queue.clear()
    this.#yielding?.clear()
    this.#tellAllDropped()
    return packets
  }

  #isIdle(): boolean {
    return (
      this.#phase === 'open' &&
      this.#queue.head === undefined &&
      this.#transport.bufferedAmount <= this.#options.highWaterMarkBytes
    )
  }

  #flush(): void {
    // The host may have closed the outbox when it was told what was dropped.
    if (this.#phase !== 'open') return
    this.#phase = 'flushing'
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) {
        this.#remove(next)
        this.#transport.send(next.packet)
      }
    } finally {
      if (this.#phase === 'flushing') this.#phase = 'open'
    }
  }

  #next(): QueuedPacket<Packet> | undefined {
    return this.#transport.bufferedAmount <= this.#options.highWaterMarkBytes ? this.#queue.head : undefined
  }

  #append(
    packet: Packet | string,
    bytes: number,
    lane: OutboxLane<Packet> | undefined,
    publication: Publication | undefined,
    key: string | undefined,
  ): void {
    this.#queue.append({
      packet,
      bytes,
      lane,
      position: publication?.position,
      key,
      order: this.#order++,
      previous: undefined,
      next: undefined,
      nextOfLane: undefined,
    })
  }

  #remove(queued: QueuedPacket<Packet>): void {
    this.#queue.remove(queued)
    const { lane } = queued
    if (lane?.yields === true && lane.queued.packets === 0) this.#yielding?.delete(lane)
  }

  #fits(bytes: number, freedBytes = 0, freedPackets = 0): boolean {
    const { publications } = this.#queue
    const { maxQueuedBytes, maxQueuedPackets } = this.#options
    return (
      publications.bytes - freedBytes + bytes <= maxQueuedBytes &&
      publications.packets - freedPackets < maxQueuedPackets
    )
  }

  /** Makes room for a publication of `lane`, if that can be; takes nothing out in vain, but what is superseded. */
  #makeSpace(lane: OutboxLane<Packet>, bytes: number, key: string | undefined): boolean {
    this.#unsettle()
    this.#supersede(lane, key)
    if (this.#fits(bytes)) return true
    const dropsNewest = lane.policy === 'drop-newest' || (lane.policy === 'drop-oldest' && lane.isExact)
    if (dropsNewest) return false
    const paying = lane.policy === 'drop-oldest' ? [lane] : [...(this.#yielding ?? [])]
    const freedBytes = paying.reduce((sum, { queued }) => sum + queued.bytes, 0)
    const freedPackets = paying.reduce((sum, { queued }) => sum + queued.packets, 0)
    if (!this.#fits(bytes, freedBytes, freedPackets)) return false
    while (!this.#fits(bytes)) this.#dropOldest(paying)
    return true
  }

  #dropOldest(paying: readonly OutboxLane<Packet>[]): void {
    const lane = paying.reduce((most, each) => (paysBefore(each, most) ? each : most))
    // Together they have enough: the first to pay has something.
    const oldest = lane.oldest as QueuedPacket<Packet>
    this.#remove(oldest)
    this.#countDropped(lane, oldest)
  }

  #refuse(lane: OutboxLane<Packet>, publication: Publication): Delivery {
    this.#countDropped(lane, publication)
    if (!lane.isExact) return 'dropped'
    lane.phase = 'broken'
    this.#tellDropped(lane)
    this.#host.broken(lane.channel)
    return 'dropped'
  }

  #countDropped(lane: OutboxLane<Packet>, { position }: Pick<Publication, 'position'>): void {
    this.#dropped++
    lane.drop(position)
    this.#untold ??= new Set()
    this.#untold.add(lane)
  }

  #tellAllDropped(): void {
    if (this.#untold !== undefined) for (const lane of [...this.#untold]) this.#tellDropped(lane)
  }

  #tellDropped(lane: OutboxLane<Packet>): void {
    this.#untold?.delete(lane)
    const dropped = lane.takeDropped()
    if (dropped !== undefined) this.#host.dropped(dropped)
  }

  /** Takes out what a publication of `lane` with this key supersedes, unless that is settled. */
  #supersede(lane: OutboxLane<Packet>, key: string | undefined): void {
    const older = key === undefined ? undefined : lane.newest(key)
    if (older !== undefined && older.order >= this.#settledBefore) this.#removeSuperseded(lane, older)
  }

  #removeSuperseded(lane: OutboxLane<Packet>, older: QueuedPacket<Packet>): void {
    this.#remove(older)
    this.#superseded++
    lane.superseded++
  }

  /** Takes out what is settled and superseded. Nothing is settled then until the transport drains: this walks once. */
  #unsettle(): void {
    let next = this.#queue.head
    while (next !== undefined && next.order < this.#settledBefore) {
      const queued = next
      next = queued.next
      const { lane, key } = queued
      if (lane !== undefined && key !== undefined && lane.newest(key) !== queued) this.#removeSuperseded(lane, queued)
    }
    this.#settledBefore = 0
  }

  #overflow(): void {
    this.#host.slow(this.close())
  }
}

/** Who has most that waits pays first; of those with as much, whose oldest came first. */
function paysBefore<Packet>(one: OutboxLane<Packet>, other: OutboxLane<Packet>): boolean {
  if (one.queued.bytes !== other.queued.bytes) return one.queued.bytes > other.queued.bytes
  return (one.oldest?.order ?? Number.POSITIVE_INFINITY) < (other.oldest?.order ?? Number.POSITIVE_INFINITY)
}
