import type { ConnectResult, PublicationPacket, Push, SubscribeResult, SubscriptionRequest } from '@wigwag/protocol'
import { Audience } from './audience.ts'
import type { BoardSession } from './board-session.ts'
import { BoardStream } from './board-stream.ts'
import type { RecentPublications } from './recent-publications.ts'

interface ServerChannel {
  readonly stream: BoardStream
  readonly audience: Audience
}

/** Channels that the hub has put the session into: every tab is in them. */
export class ServerChannelsBoard {
  readonly #recents: RecentPublications
  readonly #nowMs: () => number
  readonly #channels = new Map<string, ServerChannel>()

  constructor(recents: RecentPublications, nowMs: () => number) {
    this.#recents = recents
    this.#nowMs = nowMs
  }

  get canRecover(): boolean {
    return [...this.#channels.values()].every(({ stream }) => stream.position !== undefined)
  }

  /** The hub has let the tabs in. */
  connected({ subs = {} }: ConnectResult): void {
    for (const [channel, result] of Object.entries(subs)) this.#open(channel, result)
  }

  /** The tab whose words the hub has answered is given the answer. */
  joinAs(session: BoardSession, { subs = {} }: ConnectResult): void {
    for (const [channel, result] of Object.entries(subs))
      this.#channels.get(channel)?.audience.add(session, result, true)
  }

  /** Another tab is let in. Returns what it is told of them. */
  join(session: BoardSession, asked: Readonly<Record<string, SubscriptionRequest>> = {}): ConnectResult['subs'] {
    if (this.#channels.size === 0) return undefined
    // A channel may be called `__proto__`.
    const subs: Record<string, SubscribeResult> = Object.create(null)
    for (const [channel, { stream, audience }] of this.#channels) {
      const request = Object.hasOwn(asked, channel) ? asked[channel] : undefined
      const result = request?.recover
        ? (stream.since(request) ?? { ...stream.present(), was_recovering: true, recovered: false })
        : stream.present()
      audience.add(session, result, true)
      subs[channel] = result
    }
    return subs
  }

  /** A tab has gone. */
  leave(session: BoardSession): void {
    for (const { audience } of this.#channels.values()) audience.delete(session)
  }

  /** The hub has something to say about a channel. Returns whether it is one of these. */
  pushed(push: Extract<Push, { readonly channel: string }>, line: string, all: readonly BoardSession[]): boolean {
    if ('subscribe' in push) {
      const { audience } = this.#open(push.channel, push.subscribe)
      for (const session of all) {
        audience.add(session, push.subscribe, true)
        session.pushLine(line)
      }
      return true
    }
    const channel = this.#channels.get(push.channel)
    if (channel === undefined) return false
    if ('pub' in push) this.#publish(channel, push.pub, line)
    else if ('unsubscribe' in push) this.#end(push.channel, channel, line)
    else channel.audience.tellMove(line)
    return true
  }

  /** There is no connection any more. */
  close(): void {
    for (const { stream } of this.#channels.values()) stream.close()
    this.#channels.clear()
  }

  #open(name: string, result: SubscribeResult): ServerChannel {
    this.#channels.get(name)?.stream.close()
    const channel = { stream: new BoardStream(result, this.#recents, this.#nowMs), audience: new Audience() }
    this.#channels.set(name, channel)
    return channel
  }

  #publish({ stream, audience }: ServerChannel, publication: PublicationPacket, line: string): void {
    stream.add(publication, line.length)
    audience.deliver(publication, line)
  }

  #end(name: string, { stream, audience }: ServerChannel, line: string): void {
    for (const session of audience.clear()) session.pushLine(line)
    stream.close()
    this.#channels.delete(name)
  }
}
