import type { PublicationPacket, SubscribeResult, SubscriptionRequest } from '@wigwag/protocol'
import type { ClientEvents } from '../connection/client-events.ts'
import type { ChannelListener } from '../connection/connection.ts'
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
export function serverChannels({ emit, faultOf }: ServerChannelsHost): ServerChannels {
  /** Where each stands. */
  const places = new Map<string, StreamPlace>()
  /** Counts connections: what was read of one that a handler has ended is not taken, and comes over the next. */
  let connection = 0
  /** Whether there is one: whoever hears of it may have ended it before its channels are told. */
  let isThere = false

  const canRecover = ({ position }: StreamPlace): boolean => position !== undefined

  function subscribed(channel: string, result: SubscribeResult): void {
    const own = connection
    const place = places.get(channel) ?? createStreamPlace()
    places.set(channel, place)
    const gap = place.join(result)
    emit('subscribed', { channel })
    if (gap !== undefined) emit('gap', { channel, ...gap })
    for (const publication of result.publications ?? []) if (own === connection) deliver(channel, publication)
  }

  function deliver(channel: string, packet: PublicationPacket): void {
    places.get(channel)?.advance(packet.offset)
    const fault = faultOf?.(channel, packet)
    if (fault === undefined) emit('publication', publicationOf(channel, packet))
    else emit('error', fault)
  }

  function left(channel: string, code: number, reason: string): void {
    if (places.delete(channel)) emit('unsubscribed', { channel, code, reason })
  }

  return {
    get request() {
      const wanted = [...places].filter(([, place]) => canRecover(place))
      return wanted.length === 0
        ? undefined
        : Object.fromEntries(wanted.map(([channel, { request }]) => [channel, request]))
    },
    get canRecover() {
      return [...places.values()].every(canRecover)
    },
    joined(results) {
      if (!isThere) return
      const own = connection
      for (const channel of [...places.keys()]) {
        if (!Object.hasOwn(results, channel)) left(channel, 2000, 'not subscribed any more')
      }
      for (const [channel, result] of Object.entries(results)) if (own === connection) subscribed(channel, result)
    },
    online(isOnline) {
      isThere = isOnline
      if (!isOnline) connection++
    },
    pushed(push) {
      const { channel } = push
      if ('pub' in push) {
        if (places.has(channel)) deliver(channel, push.pub)
      } else if ('unsubscribe' in push) left(channel, push.unsubscribe.code, push.unsubscribe.reason)
      else if ('subscribe' in push) subscribed(channel, push.subscribe)
      else if ('join' in push) emit('join', { channel, info: push.join.info })
      else if ('leave' in push) emit('leave', { channel, info: push.leave.info })
    },
    invalidate() {
      for (const place of places.values()) place.invalidate()
    },
  }
}
