import {
  type Announcement,
  assertIdempotencyKey,
  type Broker,
  type BrokerListener,
  type BrokerStatus,
  type ClientInfo,
  createPublication,
  type History,
  type HistoryOptions,
  type HistoryRange,
  type HistoryStart,
  type HubError,
  noHistory,
  type Position,
  type PresenceSource,
  type PresenceStore,
  type Publication,
  type PublicationData,
  type PublicationDetails,
  type PublishOptions,
} from '@wigwag/hub'
import { announcementKind, decodeAnnouncedInfo, encodeAnnouncement } from './announcement-message.ts'
import { type ChannelKeys, channelKeys, controlName, controlNameOf } from './channel-keys.ts'
import { createEpoch } from './create-epoch.ts'
import { decodeLiveMessage } from './live-message.ts'
import { readRequestOf } from './read-request.ts'
import {
  type RedisBrokerOptions,
  type ResolvedRedisBrokerOptions,
  resolveRedisBrokerOptions,
} from './redis-broker-options.ts'
import { describeFailure, hasTimedOut, notPublished, unavailable } from './redis-failure.ts'
import { resolveRedisLineOptions } from './redis-line-options.ts'
import { RedisLink } from './redis-link.ts'
import { RedisPresenceStore } from './redis-presence-store.ts'
import { RedisSubscriptions } from './redis-subscriptions.ts'
import { redisOptionsOf } from './redis-url.ts'
import { Resumption } from './resumption.ts'
import { runPublish, runRead, runRemove, type ScriptedRedis, type StreamMark } from './scripts.ts'
import { encodeStoredData } from './stored-data.ts'
import { historyOf } from './stored-history.ts'
import type { TrackedChannel } from './tracked-channel.ts'
import { Turnstile } from './turnstile.ts'

/** Histories that are read at once. When Redis is back every channel asks for one: all at once, the last would wait too long. */
const READS_AT_ONCE = 64

/** What a broker counted since it was made. */
export interface RedisBrokerStats {
  /** Channels subscribed to in Redis, lingering ones included. */
  readonly channels: number
  /** How often the connection was lost. */
  readonly disconnects: number
  /** Streams that were found behind what had been delivered, after a failover, and got a new epoch. */
  readonly renewedEpochs: number
  /** Messages on live channels that no broker had sent. */
  readonly malformed: number
}

/**
 * A broker on Redis 7 or later: hubs on many nodes share its channels. Each publication is stored, trimmed and told in
 * one script; a node subscribes only to channels that it serves. A lost connection ends in a check of every channel.
 */
export class RedisBroker implements Broker, PresenceSource {
  readonly #options: ResolvedRedisBrokerOptions
  readonly #link: RedisLink
  readonly #keysOf: (channel: string) => ChannelKeys
  readonly #control: string
  /** Where this hub alone is told. */
  #ownControl = ''
  readonly #subscriptions: RedisSubscriptions
  readonly #resumption: Resumption
  readonly #reads = new Turnstile(READS_AT_ONCE)
  readonly #count = { disconnects: 0, malformed: 0 }
  #listener: BrokerListener | undefined

  /** Throws `HubError` `ERR_OPTION` for an option out of range. It connects when the hub starts it. */
  constructor(options: RedisBrokerOptions = {}) {
    this.#options = resolveRedisBrokerOptions(options)
    const { url, client, prefix } = this.#options
    const { db = 0 } = { ...redisOptionsOf(url), ...client }
    this.#keysOf = (channel) => channelKeys(prefix, channel, db)
    this.#control = controlName(prefix, db)
    this.#link = new RedisLink(this.#options, {
      up: () => this.#resumption.begin(),
      down: () => this.#interrupt(),
      live: (name, message) => this.#hearLive(name, message),
      plain: (name, message) => this.#hearPlain(name, message),
    })
    this.#subscriptions = new RedisSubscriptions(this.#options, this.#link, this.#keysOf)
    this.#resumption = new Resumption(this.#link, this.#subscriptions, {
      anchors: () => ({ plain: `${prefix}:anchor>`, sharded: [this.#control, this.#ownControl] }),
      keepsHistory: (channel) => this.#historyOf(channel).size > 0,
      missed: (tracked) => this.#tellMissed(tracked),
      resumed: () => this.#tellStatus(),
    })
  }

  get status(): BrokerStatus {
    return this.#resumption.isDone && this.#link.isUsable
      ? { state: 'connected' }
      : { state: 'disconnected', why: this.#link.why }
  }

  /** What happened so far. */
  get stats(): RedisBrokerStats {
    return { channels: this.#subscriptions.size, renewedEpochs: this.#resumption.renewedEpochs, ...this.#count }
  }

  /** Presence in the same Redis, by a connection of its own. With other times to live, make a `RedisPresenceStore` yourself. */
  createPresenceStore(): PresenceStore {
    return new RedisPresenceStore(resolveRedisLineOptions(this.#options))
  }

  /** Resolves when Redis was reached, or could not be for the first time: `status` tells. It goes on trying. */
  async start(listener: BrokerListener): Promise<void> {
    this.#listener = listener
    this.#ownControl = controlNameOf(this.#control, listener.hub)
    await this.#link.start()
    await this.#resumption.settled
  }

  async publish(channel: string, data: PublicationData, options: PublishOptions = {}): Promise<Publication> {
    const { idempotencyKey } = options
    if (idempotencyKey !== undefined) assertIdempotencyKey(idempotencyKey)
    const { idempotencyTtlMs } = this.#options
    const kept = this.#historyOf(channel)
    const history = options.skipHistory === true ? { ...kept, size: 0 } : kept
    if (!this.#link.canCommand) return this.#publishAlone(channel, data, options, history)
    const key = idempotencyKey === undefined ? undefined : { name: idempotencyKey, ttlMs: idempotencyTtlMs }
    const limits = { ...history, positionTtlMs: this.#positionTtlMs(history) }
    const stored = encodeStoredData(data, options)
    try {
      const mark = await runPublish(this.#link.commands, this.#keys(channel), stored, createEpoch(), limits, key)
      return createPublication(channel, data, mark.time, positionOf(mark), options)
    } catch (error) {
      if (hasTimedOut(error)) this.#link.reset(error)
      throw notPublished(error)
    }
  }

  subscribe(channel: string): Promise<void> {
    return this.#subscriptions.subscribe(channel)
  }

  async unsubscribe(channel: string): Promise<void> {
    this.#subscriptions.unsubscribe(channel)
  }

  async history(channel: string, from?: HistoryStart, range?: HistoryRange): Promise<History> {
    if (this.#historyOf(channel).size === 0) return noHistory(from)
    return this.#reads.pass(() => this.#read(channel, from, range))
  }

  async #read(channel: string, from: HistoryStart | undefined, range: HistoryRange | undefined): Promise<History> {
    const tracked = this.#subscriptions.get(channel)
    if (tracked?.refusal !== undefined) throw this.#cannotRead(tracked, tracked.refusal)
    const request = readRequestOf(from, range)
    const history = this.#historyOf(channel)
    const { ttlMs } = history
    // Whoever only looks leaves no lasting trace of a stream that is none yet.
    const times = { ttlMs, freshTtlMs: tracked === undefined ? ttlMs : this.#positionTtlMs(history) }
    if (!this.#link.canCommand) throw unavailable(this.#link.why)
    try {
      const reading = await runRead(this.#link.commands, this.#keys(channel), createEpoch(), times, request)
      // Whoever reads first finds out for those who wait for what comes live.
      if (tracked?.note(reading.mark) === true) this.#tellMissed(tracked)
      return historyOf(channel, from, request.isReverse, reading)
    } catch (error) {
      if (hasTimedOut(error)) this.#link.reset(error)
      const refusal = unavailable(`History could not be read from Redis: ${describeFailure(error)}.`, error)
      throw this.#cannotRead(tracked, refusal)
    }
  }

  async removeHistory(channel: string): Promise<void> {
    await this.#command('The history may not be removed', (redis) => runRemove(redis, this.#keys(channel)))
  }

  async announce(channel: string, kind: Announcement, info: ClientInfo): Promise<void> {
    const message = encodeAnnouncement(kind, info)
    await this.#command('Nobody may have been told', (redis) => redis.spublish(this.#keys(channel).live, message))
  }

  async tell(message: string, hub?: string): Promise<boolean> {
    const name = hub === undefined ? this.#control : controlNameOf(this.#control, hub)
    const heard = await this.#command('Nobody may have been told', (redis) => redis.spublish(name, message))
    return hub === undefined || Number(heard) > 0
  }

  /** Has Redis do something; `otherwise` says what is in doubt when it does not answer. */
  async #command<T>(otherwise: string, run: (redis: ScriptedRedis) => Promise<T>): Promise<T> {
    if (!this.#link.canCommand) throw unavailable(`${this.#link.why} Nothing was done.`)
    try {
      return await run(this.#link.commands)
    } catch (error) {
      if (hasTimedOut(error)) this.#link.reset(error)
      throw unavailable(`${otherwise}: ${describeFailure(error)}.`, error)
    }
  }

  async close(): Promise<void> {
    this.#listener = undefined
    this.#resumption.end()
    this.#subscriptions.clear()
    this.#link.close()
  }

  #cannotRead(tracked: TrackedChannel | undefined, why: HubError): HubError {
    if (tracked !== undefined) this.#resumption.noteUnread(tracked)
    return why
  }

  #historyOf(channel: string): Required<HistoryOptions> {
    return this.#listener?.historyOf(channel) ?? this.#options.history
  }

  /** A position outlives what is retained: a stream would forget its end. */
  #positionTtlMs({ ttlMs }: Required<HistoryOptions>): number {
    return Math.max(this.#options.positionTtlMs, ttlMs)
  }

  #keys(channel: string): ChannelKeys {
    return this.#subscriptions.get(channel)?.keys ?? this.#keysOf(channel)
  }

  /** Redis is away: without history there is nothing to store, and who is here can be told. */
  #publishAlone(
    channel: string,
    data: PublicationData,
    details: PublicationDetails,
    history: Required<HistoryOptions>,
  ): Publication {
    if (history.size > 0) throw unavailable(`${this.#link.why} Nothing was published.`)
    const told = createPublication(channel, data, Date.now(), undefined, details)
    const publication = { ...told, degraded: true } as const
    this.#tell(channel, publication)
    return publication
  }

  #interrupt(): void {
    this.#count.disconnects++
    this.#resumption.interrupt()
    this.#tellStatus()
  }

  /** What the handler does wrong is no fault of the connection, from whose callbacks it is called. */
  #tellStatus(): void {
    const failed = (error: unknown): void => console.error('onStatus failed:', error)
    try {
      // It may be async: then what it returns is a promise that nobody else looks at.
      Promise.resolve(this.#options.onStatus(this.status)).catch(failed)
    } catch (error) {
      failed(error)
    }
  }

  #hearLive(name: string, message: Buffer): void {
    if (name === this.#control || name === this.#ownControl) {
      this.#listener?.control(message.toString())
      return
    }
    const tracked = this.#subscriptions.getByLiveName(name)
    if (tracked === undefined) return
    const kind = announcementKind(message)
    if (kind === undefined) this.#hearPublication(tracked, message)
    else this.#hearAnnouncement(tracked, kind, message)
  }

  #hearPublication(tracked: TrackedChannel, message: Buffer): void {
    const publication = this.#decode(() => decodeLiveMessage(tracked.name, message))
    if (publication === undefined) return
    if (publication.position === undefined) this.#tell(tracked.name, publication)
    else if (!tracked.isSuspect) this.#hearStored(tracked, publication, publication.position)
  }

  #hearAnnouncement({ name, linger }: TrackedChannel, kind: Announcement, message: Buffer): void {
    const info = this.#decode(() => decodeAnnouncedInfo(message))
    if (info === undefined || linger !== undefined) return
    if (kind === 'join') this.#listener?.joined(name, info)
    else this.#listener?.left(name, info)
  }

  #decode<T>(read: () => T): T | undefined {
    try {
      return read()
    } catch {
      this.#count.malformed++
      return undefined
    }
  }

  #hearStored(tracked: TrackedChannel, publication: Publication, position: Position): void {
    const arrival = tracked.arrive(position, publication.time)
    if (arrival === 'behind') {
      this.#resumption.distrust(tracked)
      return
    }
    if (arrival !== 'next') this.#tellMissed(tracked)
    if (arrival !== 'foreign') this.#tell(tracked.name, publication)
  }

  #hearPlain(channel: string, message: Buffer): void {
    const text = message.toString()
    // Bytes that are no text do not survive the way there and back.
    const data = Buffer.from(text).equals(message) ? text : new Uint8Array(message)
    this.#tell(channel, { channel, data, time: Date.now(), position: undefined })
  }

  #tell(channel: string, publication: Publication): void {
    const tracked = this.#subscriptions.get(channel)
    if (tracked !== undefined && tracked.linger === undefined) this.#listener?.publication(publication)
  }

  #tellMissed(tracked: TrackedChannel): void {
    if (this.#subscriptions.isServed(tracked)) this.#listener?.missed(tracked.name)
  }
}

function positionOf({ epoch, offset }: StreamMark): Position | undefined {
  return epoch === '' ? undefined : { epoch, offset }
}
