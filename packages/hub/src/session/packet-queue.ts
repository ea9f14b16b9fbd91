import type { Position } from '../publication/position.ts'
import type { OutboxLane } from './outbox-lane.ts'

/** A packet that waits, linked to its neighbours. */
export interface QueuedPacket<Packet> {
  readonly packet: Packet | string
  readonly bytes: number
  /** Whose publication it is; none for other packets. */
  readonly lane: OutboxLane<Packet> | undefined
  /** Where a publication is in its stream. */
  readonly position: Position | undefined
  /** What a publication is about, where that is asked. */
  readonly key: string | undefined
  /** When it came: greater for those behind. */
  readonly order: number
  previous: QueuedPacket<Packet> | undefined
  next: QueuedPacket<Packet> | undefined
  /** The next publication of the same lane, in lanes that drop their oldest. */
  nextOfLane: QueuedPacket<Packet> | undefined
}

/** How much something is. */
export interface Amount {
  bytes: number
  packets: number
}

/** Packets in the order in which they leave. Any of them can be taken out at no cost that grows with their number. */
export class PacketQueue<Packet> {
  readonly publications: Amount = { bytes: 0, packets: 0 }
  readonly control: Amount = { bytes: 0, packets: 0 }
  #head: QueuedPacket<Packet> | undefined
  #tail: QueuedPacket<Packet> | undefined

  /** What leaves next. */
  get head(): QueuedPacket<Packet> | undefined {
    return this.#head
  }

  /** Puts a packet behind all others. */
  append(queued: QueuedPacket<Packet>): void {
    queued.previous = this.#tail
    if (this.#tail === undefined) this.#head = queued
    else this.#tail.next = queued
    this.#tail = queued
    queued.lane?.added(queued)
    this.#count(queued, 1)
  }

  /** Takes a packet out, which must be in. Of a lane that drops its oldest, only the oldest can be. */
  remove(queued: QueuedPacket<Packet>): void {
    const { previous, next } = queued
    if (previous === undefined) this.#head = next
    else previous.next = next
    if (next === undefined) this.#tail = previous
    else next.previous = previous
    queued.lane?.removed(queued)
    this.#count(queued, -1)
  }

  /** Takes everything out. */
  clear(): void {
    while (this.#head !== undefined) this.remove(this.#head)
  }

  #count({ lane, bytes }: QueuedPacket<Packet>, sign: 1 | -1): void {
    const amount = lane === undefined ? this.control : this.publications
    amount.bytes += sign * bytes
    amount.packets += sign
  }
}
