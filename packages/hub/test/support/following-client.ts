import type { Hub, Position, Session, SessionTransport } from '@wigwag/hub'
import type { Disconnect, PublicationPacket, Push, SubscribeResult } from '@wigwag/protocol'
import { decodePackets, ErrorCode } from '@wigwag/protocol'
import { type EncodedPacket, packetBytes } from '../../src/session/encoded-packet.ts'

/** What a client may hold a stream against: what was stored at each position. */
export interface StreamTruth {
  /** The data at a position; nothing where none was stored. */
  at(channel: string, position: Position): unknown
}

/** A recovery that was not whole. */
export interface Unrecovered {
  readonly channel: string
  readonly asked: Position
}

type Following =
  | { readonly phase: 'idle' }
  | { readonly phase: 'asked'; readonly id: number; readonly from: Position | undefined }
  | { readonly phase: 'subscribed' }

interface Followed {
  readonly channel: string
  /** Whether the client subscribes itself, or the server has it subscribed as it connects. */
  readonly side: 'client' | 'server'
  isWanted: boolean
  following: Following
  /** What it has heard last; nowhere before it was subscribed for the first time. */
  position: Position | undefined
}

/**
 * A client as SDKs are: it subscribes, answers pings, comes back when it was disconnected, recovers from what it heard
 * last, and does each of these when it is its turn (`act`). Whatever it hears that it must not is a fault: what is not the
 * next publication, or other data than was stored there.
 */
export class FollowingClient {
  readonly faults: string[] = []
  /** Recoveries that it was told were not whole, until somebody takes them. */
  readonly unrecovered: Unrecovered[] = []
  /** What it was told, in a word each: how recoveries ended, and the codes of what ended its subscriptions and sessions. */
  readonly seen: Set<string>
  readonly #hub: () => Hub
  readonly #truth: StreamTruth
  readonly #followed = new Map<string, Followed>()
  #line: Line | undefined
  #ids = 0
  #connectId = 0
  #isConnected = false
  #pongsDue = 0

  /** `hub` says where it connects; `own` are the channels that it may subscribe to itself; `given` those of its credentials. */
  constructor(hub: () => Hub, truth: StreamTruth, own: readonly string[], given: readonly string[], seen: Set<string>) {
    this.seen = seen
    this.#hub = hub
    this.#truth = truth
    for (const channel of own) this.#follow(channel, 'client', false)
    for (const channel of given) this.#follow(channel, 'server', true)
  }

  /** Whether it has a session that has let it in. */
  get isConnected(): boolean {
    return this.#isConnected
  }

  get session(): Session | undefined {
    return this.#line?.session
  }

  /** Whether it wants a channel that it may leave. */
  wants(channel: string): boolean {
    return this.#followed.get(channel)?.isWanted === true
  }

  /** Where it stands in the channels that it wants; nowhere where it is not subscribed. */
  get standing(): ReadonlyMap<string, Position | undefined> {
    const wanted = [...this.#followed.values()].filter(({ isWanted }) => isWanted)
    return new Map(
      wanted.map(({ channel, following, position }) => [
        channel,
        following.phase === 'subscribed' ? position : undefined,
      ]),
    )
  }

  want(channel: string): void {
    const followed = this.#get(channel)
    followed.isWanted = true
  }

  /** Leaves a channel, and remembers where it was. */
  leave(channel: string): void {
    const followed = this.#get(channel)
    followed.isWanted = false
    if (followed.following.phase !== 'idle' && this.#isConnected) this.#send({ unsubscribe: { channel } })
    followed.following = { phase: 'idle' }
  }

  /** Does what is its turn: connects, subscribes, answers pings. */
  act(): void {
    if (this.#line === undefined) this.#connect()
    if (!this.#isConnected) return
    for (; this.#pongsDue > 0; this.#pongsDue--) this.#line?.session?.receive('{}')
    for (const followed of this.#followed.values()) {
      const { channel, side, isWanted, following, position } = followed
      if (side === 'server' || !isWanted || following.phase !== 'idle') continue
      const id = this.#ids + 1
      followed.following = { phase: 'asked', id, from: position }
      this.#send({ subscribe: { channel, ...(position && { recover: true, ...position }) } })
    }
  }

  /** Its line is cut: what was on its way is lost. */
  cut(): void {
    const line = this.#line
    this.#lost()
    line?.cut()
  }

  /** Its line takes no more for now; what comes waits in it. */
  stall(): void {
    if (this.#line !== undefined) this.#line.isStalled = true
  }

  drain(): void {
    this.#line?.drain()
  }

  hear(text: string): void {
    for (const packet of (decodePackets(text) ?? []) as Packet[]) this.#take(packet)
  }

  disconnected(code: number): void {
    this.seen.add(`disconnect ${code}`)
    this.#lost()
  }

  #follow(channel: string, side: Followed['side'], isWanted: boolean): void {
    this.#followed.set(channel, { channel, side, isWanted, following: { phase: 'idle' }, position: undefined })
  }

  #get(channel: string): Followed {
    return this.#followed.get(channel) as Followed
  }

  #connect(): void {
    const line = new Line(this)
    this.#line = line
    line.session = this.#hub().sessions.open(line)
    const subs: Record<string, unknown> = {}
    for (const followed of this.#followed.values()) {
      const { channel, side, position } = followed
      if (side === 'client') continue
      followed.following = { phase: 'asked', id: 0, from: position }
      if (position !== undefined) subs[channel] = { recover: true, ...position }
    }
    this.#connectId = this.#ids + 1
    this.#send({ connect: { subs } })
  }

  #send(command: object): void {
    this.#line?.session?.receive(JSON.stringify({ id: ++this.#ids, ...command }))
  }

  #lost(): void {
    this.#line = undefined
    this.#isConnected = false
    this.#pongsDue = 0
    for (const followed of this.#followed.values()) followed.following = { phase: 'idle' }
  }

  #take(packet: Packet): void {
    if (packet.push !== undefined) this.#takePush(packet.push)
    else if (packet.id === undefined) this.#pongsDue++
    else if (packet.id === this.#connectId) this.#takeConnect(packet)
    else this.#takeReply(packet)
  }

  #takeConnect({ connect, error }: Packet): void {
    if (connect === undefined) {
      this.faults.push(`connect was answered with ${JSON.stringify(error)}`)
      return
    }
    this.#isConnected = true
    for (const followed of this.#followed.values()) {
      if (followed.side === 'client') continue
      const result = connect.subs?.[followed.channel]
      if (result === undefined) this.faults.push(`${followed.channel} is missing in the reply to connect`)
      else this.#subscribed(followed, result)
    }
  }

  #takeReply({ id, subscribe, error }: Packet): void {
    for (const followed of this.#followed.values()) {
      if (followed.following.phase !== 'asked' || followed.following.id !== id) continue
      if (subscribe !== undefined) this.#subscribed(followed, subscribe)
      else {
        // It asks again, unless the server has unsubscribed it meanwhile.
        if (error?.code === ErrorCode.notAvailable) followed.isWanted = false
        else if (error?.temporary !== true) this.faults.push(`${followed.channel}: ${JSON.stringify(error)}`)
        followed.following = { phase: 'idle' }
      }
      return
    }
  }

  #takePush(push: Push): void {
    const followed = 'channel' in push ? this.#followed.get(push.channel) : undefined
    // What was on its way when it left.
    if (followed?.following.phase !== 'subscribed') return
    if ('pub' in push) this.#published(followed, push.pub)
    else if ('unsubscribe' in push) {
      followed.following = { phase: 'idle' }
      this.seen.add(`unsubscribe ${push.unsubscribe.code}`)
      if (push.unsubscribe.code < 2500) followed.isWanted = false
      // As centrifuge does.
      if (followed.side === 'server') this.faults.push(`${followed.channel} ended, and nobody will subscribe again`)
    }
  }

  #subscribed(followed: Followed, result: SubscribeResult): void {
    const { following, channel } = followed
    const from = following.phase === 'asked' ? following.from : undefined
    const { epoch = '', offset = 0, publications = [], was_recovering = false, recovered = false } = result
    followed.following = { phase: 'subscribed' }
    if (from !== undefined) this.seen.add(`${followed.side} ${recovered ? 'recovered' : 'unrecovered'}`)
    if (publications.length > 0) this.seen.add(`${followed.side} caught up`)
    if (was_recovering !== (from !== undefined)) this.faults.push(`${channel}: was_recovering is ${was_recovering}`)
    if (from === undefined || !recovered) {
      if (from !== undefined) this.unrecovered.push({ channel, asked: from })
      if (publications.length > 0) this.faults.push(`${channel} has publications and has not recovered`)
    } else if (from.epoch !== epoch || from.offset !== offset) {
      this.faults.push(`${channel} was at ${JSON.stringify(from)} and goes on from ${epoch}:${offset}`)
    }
    followed.position = { epoch, offset }
    for (const publication of publications) this.#published(followed, publication)
  }

  #published(followed: Followed, { offset = 0, data }: PublicationPacket): void {
    const { channel, position } = followed
    const before = position ?? { epoch: '', offset: 0 }
    const at = { epoch: before.epoch, offset }
    if (offset !== before.offset + 1) this.faults.push(`${channel} has ${offset} behind ${before.offset}`)
    else if (data !== this.#truth.at(channel, at)) {
      this.faults.push(`${channel} has ${JSON.stringify(data)} at ${at.epoch}:${offset}, which was never stored there`)
    }
    followed.position = at
  }
}

/** A line that holds what it is given while it is stalled. */
class Line implements SessionTransport {
  readonly name = 'memory'
  session: Session | undefined
  bufferedAmount = 0
  isStalled = false
  readonly #client: FollowingClient
  readonly #held: string[] = []
  #isCut = false

  constructor(client: FollowingClient) {
    this.#client = client
  }

  send(packet: EncodedPacket | string): void {
    if (this.#isCut) return
    const text = String(typeof packet === 'string' ? packet : packet.data)
    if (this.isStalled) {
      this.#held.push(text)
      this.bufferedAmount += packetBytes(packet)
    } else this.#client.hear(text)
  }

  drain(): void {
    this.isStalled = false
    for (const text of this.#held.splice(0)) this.#client.hear(text)
    this.bufferedAmount = 0
    this.session?.drained()
  }

  /** What it holds still comes, and then its end. */
  close({ code }: Disconnect): void {
    if (this.#isCut) return
    for (const text of this.#held.splice(0)) this.#client.hear(text)
    this.#isCut = true
    this.#client.disconnected(code)
    this.session?.closed()
  }

  cut(): void {
    this.#isCut = true
    this.session?.closed()
  }
}

/** A packet of any kind. */
interface Packet {
  readonly id?: number
  readonly push?: Push
  readonly connect?: { readonly subs?: Readonly<Record<string, SubscribeResult>> }
  readonly subscribe?: SubscribeResult
  readonly error?: { readonly code: number; readonly temporary?: boolean }
}
