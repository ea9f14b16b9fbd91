import type { PublicationPacket, SubscribeResult, SubscriptionRequest } from '@wigwag/protocol'
import type { ClientEvents } from '../connection/client-events.ts'
import type { ChannelListener, ChannelPush } from '../connection/connection.ts'
import type { FaultOf } from '../publication/faults-by.ts'
import { publicationOf } from '../publication/publication.ts'
import { createStreamPlace, type StreamPlace } from '../state/stream-place.ts'

/** Who hears of the channels that the server has put the session into. */
export interface ServerChannelsHost {
  emit<Name extends keyof ClientEvents>(name: Name, event: ClientEvents[Name]): void
  /** Says what is wrong with a publication. */
  readonly faultOf: FaultOf | undefined
}

/** Channels that the server puts sessions into, over one connection after the other. */
export interface ServerChannels extends ChannelListener {
  /** What to ask for when the client comes back; undefined: nothing. */
  readonly request: Readonly<Record<string, SubscriptionRequest>> | undefined
  /** The client is connected: these there are, and no others. */
  joined(results: Readonly<Record<string, SubscribeResult>>): void
}

/** Tells of the channels that the server puts the session into by the client's own events. */
export function serverChannels(host: ServerChannelsHost): ServerChannels {
  return new ServerSubscriptions(host)
}

/** Channels that the server has put the session into, and where each stands. */
class ServerSubscriptions implements ServerChannels {
  readonly #host: ServerChannelsHost
  readonly #places = new Map<string, StreamPlace>()
  /** Counts connections: what was read of one that a handler has ended is not taken, and comes over the next. */
  #connection = 0

  constructor(host: ServerChannelsHost) {
    this.#host = host
  }

  get request(): Readonly<Record<string, SubscriptionRequest>> | undefined {
    const wanted = [...this.#places].filter(([, { position }]) => position !== undefined)
    if (wanted.length === 0) return undefined
    return Object.fromEntries(wanted.map(([channel, place]) => [channel, place.request]))
  }

  get canRecover(): boolean {
    return [...this.#places.values()].every(({ position }) => position !== undefined)
  }

  joined(results: Readonly<Record<string, SubscribeResult>>): void {
    const connection = this.#connection
    const gone = [...this.#places.keys()].filter((channel) => !Object.hasOwn(results, channel))
    for (const channel of gone) this.#left(channel, 2000, 'not subscribed any more')
    for (const [channel, result] of Object.entries(results)) {
      if (connection === this.#connection) this.#subscribed(channel, result)
    }
  }

  online(isOnline: boolean): void {
    if (!isOnline) this.#connection++
  }

  pushed(push: ChannelPush): void {
    const { channel } = push
    if ('pub' in push) {
      if (this.#places.has(channel)) this.#deliver(channel, push.pub)
    } else if ('unsubscribe' in push) this.#left(channel, push.unsubscribe.code, push.unsubscribe.reason)
    else if ('subscribe' in push) this.#subscribed(channel, push.subscribe)
    else if ('join' in push) this.#host.emit('join', { channel, info: push.join.info })
    else if ('leave' in push) this.#host.emit('leave', { channel, info: push.leave.info })
  }

  invalidate(): void {
    for (const place of this.#places.values()) place.invalidate()
  }

  #subscribed(channel: string, result: SubscribeResult): void {
    const connection = this.#connection
    const place = this.#places.get(channel) ?? createStreamPlace()
    this.#places.set(channel, place)
    const gap = place.join(result)
    this.#host.emit('subscribed', { channel })
    if (gap !== undefined) this.#host.emit('gap', { channel, ...gap })
    for (const publication of result.publications ?? []) {
      if (connection === this.#connection) this.#deliver(channel, publication)
    }
  }

  #deliver(channel: string, packet: PublicationPacket): void {
    this.#places.get(channel)?.advance(packet.offset)
    const fault = this.#host.faultOf?.(channel, packet)
    if (fault === undefined) this.#host.emit('publication', publicationOf(channel, packet))
    else this.#host.emit('error', fault)
  }

  #left(channel: string, code: number, reason: string): void {
    if (this.#places.delete(channel)) this.#host.emit('unsubscribed', { channel, code, reason })
  }
}
