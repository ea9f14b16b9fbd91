import type { OutboxOptions } from '../../src/session/outbox-options.ts'

/** A publication or another packet, as the model knows it. */
export interface ModelPacket {
  readonly text: string
  readonly bytes: number
  readonly lane: ModelLane | undefined
  readonly key: string | undefined
  readonly offset: number
}

/** A subscription, as the model knows it. */
export interface ModelLane {
  readonly channel: string
  readonly policy: 'disconnect' | 'drop-oldest' | 'drop-newest' | 'conflate'
  readonly isExact: boolean
  isOpen: boolean
  isBroken: boolean
  readonly dropped: number[]
  readonly superseded: number[]
}

/** What an outbox shall do, said with plain lists. */
export class OutboxModel {
  waiting: ModelPacket[] = []
  /** Of those that wait, how many are superseded no more unless room is short. */
  settled = 0
  isClosed = false
  readonly #limits: Required<OutboxOptions>

  constructor(limits: Required<OutboxOptions>) {
    this.#limits = limits
  }

  publications(of?: ModelLane): ModelPacket[] {
    return this.waiting.filter(({ lane }) => lane !== undefined && (of === undefined || lane === of))
  }

  control(): ModelPacket[] {
    return this.waiting.filter(({ lane }) => lane === undefined)
  }

  /** A packet comes while others wait or the transport is above its mark. */
  queue(packet: ModelPacket): 'queued' | 'dropped' | 'closed' {
    const { lane } = packet
    if (lane === undefined) {
      const { maxControlBytes, maxControlPackets } = this.#limits
      if (!fits([...this.control(), packet], maxControlBytes, maxControlPackets)) return this.#close()
      this.waiting.push(packet)
      return 'queued'
    }
    this.#takeOut(
      this.waiting.slice(this.settled).find((older) => isSuperseded(older, [packet])),
      'superseded',
    )
    if (!this.#hasRoom(packet)) this.#unsettle(packet)
    if (!this.#hasRoom(packet)) {
      const paying = this.#paying(lane)
      const left = this.publications().filter((each) => !paying.includes(each.lane as ModelLane))
      if (!fits([...left, packet], this.#limits.maxQueuedBytes, this.#limits.maxQueuedPackets)) {
        if (!lane.policy.startsWith('drop')) return this.#close()
        lane.dropped.push(packet.offset)
        return 'dropped'
      }
      while (!this.#hasRoom(packet)) this.#takeOut(this.publications(this.#fullest(paying))[0], 'dropped')
    }
    this.waiting.push(packet)
    return 'queued'
  }

  /** The transport has taken the first `count` of what waits. */
  taken(count: number): void {
    this.waiting.splice(0, count)
    this.settled = Math.max(0, this.settled - count)
    if (this.settled === 0) this.settled = this.waiting.length
  }

  #paying(lane: ModelLane): ModelLane[] {
    if (lane.policy === 'drop-newest' || (lane.policy === 'drop-oldest' && lane.isExact)) return []
    if (lane.policy === 'drop-oldest') return [lane]
    const lanes = new Set(this.publications().map((each) => each.lane as ModelLane))
    return [...lanes].filter(({ policy, isExact }) => policy.startsWith('drop') && !isExact)
  }

  #fullest(lanes: readonly ModelLane[]): ModelLane {
    const size = (lane: ModelLane) => bytesOf(this.publications(lane))
    const byAge = this.publications().map(({ lane }) => lane as ModelLane)
    return byAge
      .filter((lane) => lanes.includes(lane))
      .toSorted((one, other) => size(other) - size(one))[0] as ModelLane
  }

  #hasRoom(packet: ModelPacket): boolean {
    return fits([...this.publications(), packet], this.#limits.maxQueuedBytes, this.#limits.maxQueuedPackets)
  }

  #unsettle(coming: ModelPacket): void {
    const front = this.waiting.slice(0, this.settled)
    const behind = [...this.waiting.slice(this.settled), coming]
    for (const each of front) if (isSuperseded(each, behind)) this.#takeOut(each, 'superseded')
    this.settled = 0
  }

  #takeOut(packet: ModelPacket | undefined, why: 'dropped' | 'superseded'): void {
    if (packet === undefined) return
    const at = this.waiting.indexOf(packet)
    this.waiting.splice(at, 1)
    if (at < this.settled) this.settled--
    packet.lane?.[why].push(packet.offset)
  }

  #close(): 'closed' {
    this.isClosed = true
    this.waiting = []
    return 'closed'
  }
}

function isSuperseded(older: ModelPacket, by: readonly ModelPacket[]): boolean {
  return older.key !== undefined && by.some(({ lane, key }) => lane === older.lane && key === older.key)
}

function fits(packets: readonly ModelPacket[], maxBytes: number, maxPackets: number): boolean {
  return bytesOf(packets) <= maxBytes && packets.length <= maxPackets
}

function bytesOf(packets: readonly ModelPacket[]): number {
  return packets.reduce((sum, { bytes }) => sum + bytes, 0)
}
