import { randomBytes } from 'node:crypto'
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
  HubError,
  noHistory,
  type Position,
  type Publication,
  type PublicationData,
  type PublicationDetails,
  type PublishOptions,
} from '@wigwag/hub'
import { announcementKind, decodeAnnouncedInfo, encodeAnnouncement } from './announcement-message.ts'
import { matchesBridge } from './bridge.ts'
import { type ChannelKeys, channelKeys, controlName } from './channel-keys.ts'
import { decodeLiveMessage } from './live-message.ts'
import { readRequestOf } from './read-request.ts'
import {
  type RedisBrokerOptions,
  type ResolvedRedisBrokerOptions,
  resolveRedisBrokerOptions,
} from './redis-broker-options.ts'
import { describeFailure, hasChangedNothing, hasTimedOut, isOfOneChannel, isRefusal } from './redis-failure.ts'
import { RedisLink } from './redis-link.ts'
import { redisOptionsOf } from './redis-url.ts'
import { runPublish, runRead, runRemove, runVerify, type ScriptedRedis, type StreamMark } from './scripts.ts'
import { encodeStoredData } from './stored-data.ts'
import { historyOf } from './stored-history.ts'
import { TrackedChannel } from './tracked-channel.ts'
import { Turnstile } from './turnstile.ts'

/** Channels that are asked for at once when Redis is back. */
const RESUME_AT_ONCE = 256

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
export class RedisBroker implements Broker {
  readonly #options: ResolvedRedisBrokerOptions
  readonly #link: RedisLink
  readonly #keysOf: (channel: string) => ChannelKeys
  readonly #control: string
  readonly #channels = new Map<string, TrackedChannel>()
  readonly #byLiveName = new Map<string, TrackedChannel>()
  readonly #reads = new Turnstile(READS_AT_ONCE)
  readonly #count = { disconnects: 0, renewedEpochs: 0, malformed: 0 }
  #listener: BrokerListener | undefined
  /** Grows with every `up` and `down`: whoever resumes stops when it has changed. */
  #turn = 0
  #isConnected = false
  /** Told `missed` since Redis is back, but their history could not be read: the hub waits to be told once more. */
  readonly #unread = new Set<TrackedChannel>()
  /** Settles when what `up` began has ended, one way or the other. */
  #resuming: Promise<void> | undefined

  /** Throws `HubError` `ERR_OPTION` for an option out of range. It connects when the hub starts it. */
  constructor(options: RedisBrokerOptions = {}) {
    this.#options = resolveRedisBrokerOptions(options)
    const { url, client, prefix } = this.#options
    const { db = 0 } = { ...redisOptionsOf(url), ...client }
    this.#keysOf = (channel) => channelKeys(prefix, channel, db)
    this.#control = controlName(prefix, db)
    this.#link = new RedisLink(this.#options, {
      up: () => this.#resume(),
      down: () => this.#interrupt(),
      live: (name, message) => this.#hearLive(name, message),
      plain: (name, message) => this.#hearPlain(name, message),
    })
  }

  get status(): BrokerStatus {
    return this.#isConnected && this.#link.isUsable
      ? { state: 'connected' }
      : { state: 'disconnected', why: this.#link.why }
  }

  /** What happened so far. */
  get stats(): RedisBrokerStats {
    return { channels: this.#channels.size, ...this.#count }
  }

  /** Resolves when Redis was reached, or could not be for the first time: `status` tells. It goes on trying. */
  async start(listener: BrokerListener): Promise<void> {
    this.#listener = listener
    await this.#link.start()
    await this.#resuming
  }

  async publish(channel: string, data: PublicationData, options: PublishOptions = {}): Promise<Publication> {
    const { idempotencyKey } = options
    if (idempotencyKey !== undefined) assertIdempotencyKey(idempotencyKey)
    const { idempotencyTtlMs } = this.#options
    const history = this.#historyOf(channel)
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

  async unsubscribe(channel: string): Promise<void> {
    const tracked = this.#channels.get(channel)
    if (tracked === undefined || tracked.linger !== undefined) return
    const { lingerMs } = this.#options
    tracked.linger = setTimeout(() => this.#drop(tracked), lingerMs)
    tracked.linger.unref()
    if (lingerMs === 0) this.#drop(tracked)
  }

  async history(channel: string, from?: HistoryStart, range?: HistoryRange): Promise<History> {
    if (this.#historyOf(channel).size === 0) return noHistory(from)
    return this.#reads.pass(() => this.#read(channel, from, range))
  }

  async #read(channel: string, from: HistoryStart | undefined, range: HistoryRange | undefined): Promise<History> {
    const tracked = this.#channels.get(channel)
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

  removeHistory(channel: string): Promise<void> {
    return this.#command('The history may not be removed', (redis) => runRemove(redis, this.#keys(channel)))
  }

  announce(channel: string, kind: Announcement, info: ClientInfo): Promise<void> {
    const message = encodeAnnouncement(kind, info)
    return this.#command('Nobody may have been told', (redis) => redis.spublish(this.#keys(channel).live, message))
  }

  tell(message: string): Promise<void> {
    return this.#command('Nobody may have been told', (redis) => redis.spublish(this.#control, message))
  }

  /** Has Redis do something; `otherwise` says what is in doubt when it does not answer. */
  async #command(otherwise: string, run: (redis: ScriptedRedis) => Promise<unknown>): Promise<void> {
    if (!this.#link.canCommand) throw unavailable(`${this.#link.why} Nothing was done.`)
    try {
      await run(this.#link.commands)
    } catch (error) {
      if (hasTimedOut(error)) this.#link.reset(error)
      throw unavailable(`${otherwise}: ${describeFailure(error)}.`, error)
    }
  }

  async close(): Promise<void> {
    this.#listener = undefined
    this.#turn++
    this.#isConnected = false
    for (const { linger } of this.#channels.values()) clearTimeout(linger)
    this.#channels.clear()
    this.#byLiveName.clear()
    this.#unread.clear()
    this.#link.close()
  }

  #cannotRead(tracked: TrackedChannel | undefined, why: HubError): HubError {
    if (tracked !== undefined && !this.#isConnected) this.#unread.add(tracked)
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
    return this.#channels.get(channel)?.keys ?? this.#keysOf(channel)
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

  /** Subscribes in Redis. While that is away it need not succeed: `#resume` does it. */
  async #askForNew(tracked: TrackedChannel): Promise<void> {
    const turn = this.#turn
    if (this.#link.subscriptions.status !== 'ready') return
    try {
      await this.#ask(tracked)
    } catch (error) {
      if (turn !== this.#turn || this.#link.subscriptions.status !== 'ready') return
      if (isRefusal(error)) {
        this.#drop(tracked)
        throw refused(error)
      }
      this.#link.reset(error)
    }
  }

  async #ask({ name, keys }: TrackedChannel): Promise<void> {
    const { subscriptions } = this.#link
    const asked: Promise<unknown>[] = [subscriptions.ssubscribe(keys.live)]
    if (matchesBridge(this.#options.bridge, name)) asked.push(subscriptions.subscribe(name))
    await Promise.all(asked)
  }

  /** Nobody came back: Redis need not tell of it any more. */
  #drop(tracked: TrackedChannel): void {
    clearTimeout(tracked.linger)
    if (this.#channels.get(tracked.name) !== tracked) return
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

  #interrupt(): void {
    this.#turn++
    this.#isConnected = false
    this.#count.disconnects++
    for (const tracked of this.#channels.values()) tracked.interrupt()
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

  /** Redis is there, for the first time or again: subscribes to everything and has every channel checked. */
  #resume(): void {
    const turn = ++this.#turn
    this.#unread.clear()
    this.#resuming = this.#resumeAll(turn).catch((error: unknown) => {
      if (turn === this.#turn) this.#link.reset(error)
    })
  }

  async #resumeAll(turn: number): Promise<void> {
    const { subscriptions } = this.#link
    // The driver takes the end of the last subscription of a kind, plain or sharded, for the end of all: one of each
    // stays, the plain one under a name that no channel can have.
    const anchor = `${this.#options.prefix}:anchor>`
    await Promise.all([subscriptions.ssubscribe(this.#control), subscriptions.subscribe(anchor)])
    // Whatever is subscribed to meanwhile comes behind, so nothing waits in vain to be told.
    const channels = this.#channels.values()
    for (;;) {
      const some = takeSome(channels, RESUME_AT_ONCE)
      if (turn !== this.#turn) return
      if (some.length === 0) break
      await Promise.all(some.map((tracked) => this.#resumeOne(tracked, turn)))
    }
    this.#isConnected = true
    for (const tracked of this.#unread) this.#tellMissed(tracked)
    this.#unread.clear()
    this.#link.settled()
    this.#tellStatus()
  }

  async #resumeOne(tracked: TrackedChannel, turn: number): Promise<void> {
    if (this.#channels.get(tracked.name) !== tracked) return
    const asked = this.#ask(tracked)
    tracked.ready = asked.catch(() => {})
    tracked.refusal = undefined
    try {
      await asked
      await this.#verify(tracked)
    } catch (error) {
      // Other channels may do. Without history there is no way to tell who is subscribed.
      if (!isOfOneChannel(error) || this.#historyOf(tracked.name).size === 0) throw error
      tracked.refusal = refused(error)
    }
    this.#trust(tracked, turn)
  }

  /** Makes sure that the stream is still the one that was delivered, or has a new epoch. */
  async #verify({ keys, mark }: TrackedChannel): Promise<void> {
    // Where no history is kept there is none: nothing that was told had a position.
    if (mark === undefined) return
    if (await runVerify(this.#link.commands, keys, mark, createEpoch())) this.#count.renewedEpochs++
  }

  /** Has the hub read what it missed of a stream. */
  #trust(tracked: TrackedChannel, turn: number): void {
    if (turn !== this.#turn) return
    tracked.isSuspect = false
    this.#tellMissed(tracked)
  }

  #hearLive(name: string, message: Buffer): void {
    if (name === this.#control) {
      this.#listener?.control(message.toString())
      return
    }
    const tracked = this.#byLiveName.get(name)
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
      // Redis has failed over while we were connected. What is told meanwhile is read from history behind the check.
      tracked.interrupt()
      const turn = this.#turn
      this.#verify(tracked).then(
        () => this.#trust(tracked, turn),
        (error: unknown) => {
          if (turn === this.#turn) this.#link.reset(error)
        },
      )
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
    const tracked = this.#channels.get(channel)
    if (tracked !== undefined && tracked.linger === undefined) this.#listener?.publication(publication)
  }

  #tellMissed(tracked: TrackedChannel): void {
    if (tracked.linger === undefined && this.#channels.get(tracked.name) === tracked)
      this.#listener?.missed(tracked.name)
  }
}

function takeSome<T>(values: Iterator<T>, most: number): T[] {
  const some: T[] = []
  while (some.length < most) {
    const next = values.next()
    if (next.done === true) break
    some.push(next.value)
  }
  return some
}

function createEpoch(): string {
  return randomBytes(9).toString('base64url')
}

function positionOf({ epoch, offset }: StreamMark): Position | undefined {
  return epoch === '' ? undefined : { epoch, offset }
}

function refused(error: unknown): HubError {
  return unavailable(`Redis refused the subscription: ${describeFailure(error)}.`, error)
}

function notPublished(error: unknown): HubError {
  const why = describeFailure(error)
  if (hasChangedNothing(error)) {
    return unavailable(`Redis refused the publication: ${why}. Nothing was published.`, error)
  }
  return new HubError(
    'ERR_NOT_ACKNOWLEDGED',
    `Redis did not acknowledge the publication (${why}); it may be stored all the same. ` +
      'Publish it again with the same idempotency key.',
    { cause: error },
  )
}

function unavailable(message: string, cause?: unknown): HubError {
  return new HubError('ERR_BROKER_UNAVAILABLE', message, cause === undefined ? {} : { cause })
}
