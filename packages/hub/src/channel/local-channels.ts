import type { ClientInfo } from '@wigwag/protocol'
import type { Announcement, Broker, History, HistoryStart } from '../broker/broker.ts'
import type { HubError } from '../error/hub-error.ts'
import { hubErrorOf } from '../error/hub-error-of.ts'
import type { Publication } from '../publication/publication.ts'
import { Channel } from './channel.ts'
import { EncodeOnce } from './encode-once.ts'
import { PositionChecks } from './position-checks.ts'
import type { Subscriber } from './subscriber.ts'
import { Subscription } from './subscription.ts'

/** How often it is looked whose time has come. */
const TICK_MS = 1000

/** A stretch of history, and how often the channel was interrupted before it was read: it joins what is told as long as that holds. */
interface HistoryRead {
  readonly history: History
  readonly interruptions: number
}

/** When positions are checked. */
export interface LocalChannelsClock {
  /** In milliseconds; 0: never. */
  readonly positionCheckIntervalMs: number
  readonly ports: {
    readonly elapsedMs: () => number
    readonly every: (intervalMs: number, run: () => void) => () => void
  }
}

/** The channels that somebody of this hub is subscribed to: recovery from the broker's history, then what it tells. */
export class LocalChannels {
  readonly #broker: Broker
  readonly #started: () => Promise<void>
  readonly #channels = new Map<string, Channel>()
  readonly #checks: PositionChecks | undefined
  readonly #elapsedMs: () => number
  #stopTicking = (): void => {}
  #delivered = 0

  /** `started` says when the broker can be asked. Without a clock positions are not checked. */
  constructor(broker: Broker, started: () => Promise<void>, clock?: LocalChannelsClock) {
    this.#broker = broker
    this.#started = started
    this.#elapsedMs = clock?.ports.elapsedMs ?? (() => 0)
    this.#checks = clock && this.#startChecks(clock)
  }

  /** Channels and subscriptions there are, and deliveries to them since the beginning (counts). */
  get stats(): { readonly channels: number; readonly subscriptions: number; readonly delivered: number } {
    let subscriptions = 0
    for (const channel of this.#channels.values()) subscriptions += channel.size
    return { channels: this.#channels.size, subscriptions, delivered: this.#delivered }
  }

  /** Every channel by its name. */
  [Symbol.iterator](): IterableIterator<[string, Channel]> {
    return this.#channels.entries()
  }

  subscribe(name: string, subscriber: Subscriber, after: HistoryStart | undefined): Subscription {
    const subscription = new Subscription(subscriber)
    const channel = this.#channels.get(name) ?? this.#open(name)
    channel.add(subscription)
    this.#recover(name, channel, [subscription], after)
    return subscription
  }

  /** Does nothing when it has ended. */
  unsubscribe(name: string, subscription: Subscription): void {
    subscription.end()
    const channel = this.#channels.get(name)
    if (channel === undefined) return
    channel.remove(subscription)
    if (channel.size > 0) return
    this.#channels.delete(name)
    this.#checks?.forget(name)
    const leave = async (): Promise<void> => {
      if (!this.#channels.has(name)) await this.#broker.unsubscribe(name)
    }
    // Not before the broker was subscribed to, and not when somebody came back meanwhile.
    channel.ready.then(leave, leave).catch(() => {})
  }

  /** The broker tells a publication. */
  deliver(publication: Publication): void {
    const channel = this.#channels.get(publication.channel)
    if (channel === undefined) return
    this.#delivered += channel.size
    channel.fanOut(publication, (subscription) => this.unsubscribe(publication.channel, subscription))
  }

  /** It tells that publications may have been missed. */
  missed(name: string): void {
    const channel = this.#channels.get(name)
    if (channel === undefined) return
    for (const { after, subscriptions } of channel.interrupt()) this.#recover(name, channel, subscriptions, after)
  }

  /** It tells who came or went. */
  announce(name: string, kind: Announcement, info: ClientInfo): void {
    this.#channels.get(name)?.announce(name, kind, info, (subscription) => this.unsubscribe(name, subscription))
  }

  /** Ends every subscription, and says why. */
  close(error: HubError): void {
    this.#stopTicking()
    for (const channel of this.#channels.values()) for (const subscription of channel) subscription.fail(error)
    this.#channels.clear()
  }

  #open(name: string): Channel {
    const channel = new Channel(this.#started().then(() => this.#broker.subscribe(name)))
    this.#channels.set(name, channel)
    this.#checks?.watch(name, this.#elapsedMs())
    return channel
  }

  #startChecks({ positionCheckIntervalMs, ports }: LocalChannelsClock): PositionChecks | undefined {
    if (positionCheckIntervalMs === 0) return undefined
    const host = {
      told: (name: string) => this.#channels.get(name)?.position,
      stored: async (name: string) => (await this.#broker.history(name)).position,
      missed: (name: string) => this.missed(name),
    }
    const checks = new PositionChecks(host, positionCheckIntervalMs)
    this.#stopTicking = ports.every(TICK_MS, () => checks.tick(ports.elapsedMs()))
    return checks
  }

  #recover(
    name: string,
    channel: Channel,
    subscriptions: readonly Subscription[],
    after: HistoryStart | undefined,
  ): void {
    const recovered = (read: HistoryRead | undefined): void => {
      if (read === undefined) {
        for (const subscription of subscriptions) this.unsubscribe(name, subscription)
        return
      }
      const { history, interruptions } = read
      if (channel.interruptions !== interruptions) {
        this.#recover(name, channel, subscriptions, after)
        return
      }
      const once = new EncodeOnce()
      for (const subscription of subscriptions) {
        subscription.recover(history, once, channel.toldUntilMs)
        // It may have failed meanwhile, or while it was told.
        if (subscription.phase === 'ended') this.unsubscribe(name, subscription)
      }
    }
    const failed = (error: unknown): void => {
      for (const subscription of subscriptions) {
        subscription.fail(hubErrorOf(error))
        this.unsubscribe(name, subscription)
      }
    }
    this.#readHistory(name, channel, subscriptions, after).then(recovered, failed).catch(failed)
  }

  /** While the broker is away this waits for it. Resolves with nothing when all `subscriptions` have ended meanwhile. */
  async #readHistory(
    name: string,
    channel: Channel,
    subscriptions: readonly Subscription[],
    after: HistoryStart | undefined,
  ): Promise<HistoryRead | undefined> {
    // First, so that what is stored after the history was read is told, and held, already. A channel that cannot be
    // subscribed to is not told `missed` either: waiting for that would never end.
    await channel.ready
    while (subscriptions.some(({ phase }) => phase !== 'ended')) {
      const { interruptions } = channel
      try {
        return { history: await this.#broker.history(name, after), interruptions }
      } catch (error) {
        if (channel.interruptions !== interruptions) continue
        if (this.#broker.status.state === 'connected') throw error
        await channel.interruption(subscriptions)
      }
    }
    return undefined
  }
}
