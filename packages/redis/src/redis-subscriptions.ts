import { HubError } from '@wigwag/hub'
import { matchesBridge } from './bridge.ts'
import type { ChannelKeys } from './channel-keys.ts'
import type { ResolvedRedisBrokerOptions } from './redis-broker-options.ts'
import { isRefusal, refused } from './redis-failure.ts'
import type { RedisLink } from './redis-link.ts'
import { TrackedChannel } from './tracked-channel.ts'

/** The channels that this node is subscribed to in Redis: those that its hub serves, and for a while those that it has left. */
export class RedisSubscriptions {
  readonly #options: ResolvedRedisBrokerOptions
  readonly #link: RedisLink
  readonly #keysOf: (channel: string) => ChannelKeys
  readonly #channels = new Map<string, TrackedChannel>()
  readonly #byLiveName = new Map<string, TrackedChannel>()

  constructor(options: ResolvedRedisBrokerOptions, link: RedisLink, keysOf: (channel: string) => ChannelKeys) {
    this.#options = options
    this.#link = link
    this.#keysOf = keysOf
  }

  /** How many there are, lingering ones included. */
  get size(): number {
    return this.#channels.size
  }

  /** All of them; those that come meanwhile come behind. */
  values(): IterableIterator<TrackedChannel> {
    return this.#channels.values()
  }

  /** A channel by its name. */
  get(channel: string): TrackedChannel | undefined {
    return this.#channels.get(channel)
  }

  /** A channel by the name of its live channel in Redis. */
  getByLiveName(name: string): TrackedChannel | undefined {
    return this.#byLiveName.get(name)
  }

  /** Whether a channel is still among them. */
  has(tracked: TrackedChannel): boolean {
    return this.#channels.get(tracked.name) === tracked
  }

  /** Whether the hub is to be told of a channel, and not only Redis still tells us. */
  isServed(tracked: TrackedChannel): boolean {
    return tracked.linger === undefined && this.has(tracked)
  }

  /** Resolves when Redis tells of the channel; while that is away, at once: whoever resumes subscribes to it. */
  subscribe(channel: string): Promise<void> {
    const known = this.#channels.get(channel)
    if (known?.refusal !== undefined) this.#drop(known)
    else if (known !== undefined) {
      clearTimeout(known.linger)
      known.linger = undefined
      return known.ready
    }
    if (this.#channels.size >= this.#options.maxChannels && !this.#dropLingering()) {
      return Promise.reject(
        new HubError(
          'ERR_CHANNEL_LIMIT',
          `All ${this.#options.maxChannels} channels are in use (maxChannels). Use fewer, or raise the limit.`,
        ),
      )
    }
    const tracked = new TrackedChannel(channel, this.#keysOf(channel))
    this.#channels.set(channel, tracked)
    this.#byLiveName.set(tracked.keys.live, tracked)
    tracked.ready = this.#askForNew(tracked)
    return tracked.ready
  }

  /** Nobody here is subscribed any more: Redis is told so after `lingerMs`, unless somebody comes back. */
  unsubscribe(channel: string): void {
    const tracked = this.#channels.get(channel)
    if (tracked === undefined || tracked.linger !== undefined) return
    const { lingerMs } = this.#options
    tracked.linger = setTimeout(() => this.#drop(tracked), lingerMs)
    tracked.linger.unref()
    if (lingerMs === 0) this.#drop(tracked)
  }

  /** Has Redis tell of a channel. */
  async ask({ name, keys }: TrackedChannel): Promise<void> {
    const { subscriptions } = this.#link
    const asked: Promise<unknown>[] = [subscriptions.ssubscribe(keys.live)]
    if (matchesBridge(this.#options.bridge, name)) asked.push(subscriptions.subscribe(name))
    await Promise.all(asked)
  }

  /** Forgets all of them; Redis is not told. */
  clear(): void {
    for (const { linger } of this.#channels.values()) clearTimeout(linger)
    this.#channels.clear()
    this.#byLiveName.clear()
  }

  /** Subscribes in Redis. While that is away it need not succeed: whoever resumes does it. */
  async #askForNew(tracked: TrackedChannel): Promise<void> {
    const { turn } = this.#link
    if (this.#link.subscriptions.status !== 'ready') return
    try {
      await this.ask(tracked)
    } catch (error) {
      if (turn !== this.#link.turn || this.#link.subscriptions.status !== 'ready') return
      if (isRefusal(error)) {
        this.#drop(tracked)
        throw refused(error)
      }
      this.#link.reset(error)
    }
  }

  /** Nobody came back: Redis need not tell of it any more. */
  #drop(tracked: TrackedChannel): void {
    clearTimeout(tracked.linger)
    if (!this.has(tracked)) return
    this.#channels.delete(tracked.name)
    this.#byLiveName.delete(tracked.keys.live)
    const { subscriptions } = this.#link
    if (subscriptions.status !== 'ready') return
    // What fails here fails with the connection, and the subscription with it.
    subscriptions.sunsubscribe(tracked.keys.live).catch(() => {})
    if (matchesBridge(this.#options.bridge, tracked.name)) subscriptions.unsubscribe(tracked.name).catch(() => {})
  }

  #dropLingering(): boolean {
    for (const tracked of this.#channels.values()) {
      if (tracked.linger === undefined) continue
      this.#drop(tracked)
      return true
    }
    return false
  }
}
