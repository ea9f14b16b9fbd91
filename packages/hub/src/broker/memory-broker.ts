import type { ClientInfo } from '@wigwag/protocol'
import { HubError } from '../error/hub-error.ts'
import { createPublication, type Publication, type PublicationData } from '../publication/publication.ts'
import type {
  Announcement,
  Broker,
  BrokerListener,
  BrokerStatus,
  History,
  HistoryRange,
  HistoryStart,
  PublishOptions,
} from './broker.ts'
import { noHistory } from './history-gap.ts'
import {
  type HistoryOptions,
  type MemoryBrokerOptions,
  type ResolvedMemoryBrokerOptions,
  resolveMemoryBrokerOptions,
} from './history-options.ts'
import { assertIdempotencyKey, IdempotencyKeys } from './idempotency-keys.ts'
import { Stream } from './stream.ts'

/** How often what has expired is looked for in channels that nobody uses. */
const SWEEP_INTERVAL_MS = 10_000

/** What the host lends the memory broker. */
export interface MemoryBrokerPorts {
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** A new id, never given before: letters, digits, `-` and `_`, at most 64. */
  readonly createEpoch: () => string
  /** Calls `run` every `intervalMs` until the function that it returns is called. */
  readonly every: (intervalMs: number, run: () => void) => () => void
}

/** The broker of one process: streams in memory, lost when it ends. */
export class MemoryBroker implements Broker {
  readonly #options: ResolvedMemoryBrokerOptions
  readonly #ports: MemoryBrokerPorts
  readonly #subscribed = new Set<string>()
  /** In the order of their last use, the longest unused first. */
  readonly #streams = new Map<string, Stream>()
  readonly #keys: IdempotencyKeys
  readonly status: BrokerStatus = { state: 'connected' }
  #listener: BrokerListener | undefined
  #stopSweeping: (() => void) | undefined
  #totalBytes = 0
  /** The epoch of streams made from now on. It changes when one is forgotten, so that nobody mistakes its successor for it. */
  #epoch: string

  /** Throws `HubError` `ERR_OPTION` for an option out of range. */
  constructor(options: MemoryBrokerOptions, ports: MemoryBrokerPorts) {
    this.#options = resolveMemoryBrokerOptions(options)
    this.#ports = ports
    this.#epoch = ports.createEpoch()
    this.#keys = new IdempotencyKeys(this.#options.idempotencyTtlMs, this.#options.maxIdempotencyKeys)
  }

  async start(listener: BrokerListener): Promise<void> {
    this.#listener = listener
    this.#stopSweeping = this.#ports.every(SWEEP_INTERVAL_MS, () => this.#sweep())
  }

  // Not async: what is published in one turn is stored and told in that order, within the call.
  publish(channel: string, data: PublicationData, options: PublishOptions = {}): Promise<Publication> {
    const { idempotencyKey } = options
    let publication: Publication
    try {
      const known = idempotencyKey === undefined ? undefined : this.#findKey(channel, idempotencyKey)
      if (known !== undefined)
        return Promise.resolve(createPublication(channel, data, known.time, known.position, options))
      publication = this.#store(channel, data, options)
      if (idempotencyKey !== undefined) this.#keys.remember(idempotencyKey, publication)
    } catch (error) {
      return Promise.reject(error as Error)
    }
    if (this.#subscribed.has(channel)) this.#listener?.publication(publication)
    return Promise.resolve(publication)
  }

  async subscribe(channel: string): Promise<void> {
    this.#subscribed.add(channel)
  }

  async unsubscribe(channel: string): Promise<void> {
    this.#subscribed.delete(channel)
    // Nothing was ever published: it says the same when it is made again.
    if (this.#streams.get(channel)?.position.offset === 0) this.#streams.delete(channel)
  }

  async history(channel: string, from?: HistoryStart, range?: HistoryRange): Promise<History> {
    const limits = this.#historyOf(channel)
    if (limits.size === 0) return noHistory(from)
    return this.#change(this.#streamToRead(channel, limits), (stream) => stream.read(from, this.#ports.now(), range))
  }

  async removeHistory(channel: string): Promise<void> {
    const stream = this.#streams.get(channel)
    if (stream !== undefined) this.#change(stream, (each) => each.release())
  }

  async announce(channel: string, kind: Announcement, info: ClientInfo): Promise<void> {
    if (!this.#subscribed.has(channel)) return
    if (kind === 'join') this.#listener?.joined(channel, info)
    else this.#listener?.left(channel, info)
  }

  async tell(message: string, hub?: string): Promise<boolean> {
    if (hub !== undefined && hub !== this.#listener?.hub) return false
    this.#listener?.control(message)
    return true
  }

  async close(): Promise<void> {
    this.#stopSweeping?.()
    this.#listener = undefined
    this.#streams.clear()
    this.#subscribed.clear()
    this.#totalBytes = 0
  }

  #findKey(channel: string, key: string): Publication | undefined {
    assertIdempotencyKey(key)
    return this.#keys.find(channel, key, this.#ports.now())
  }

  #historyOf(channel: string): Required<HistoryOptions> {
    return this.#listener?.historyOf(channel) ?? this.#options.history
  }

  #store(channel: string, data: PublicationData, details: PublishOptions): Publication {
    const nowMs = this.#ports.now()
    const limits = this.#historyOf(channel)
    if (limits.size === 0 || details.skipHistory === true) {
      return createPublication(channel, data, nowMs, undefined, details)
    }
    const publication = this.#change(this.#stream(channel, limits), (stream) => stream.append(data, details, nowMs))
    this.#keepWithinTotal()
    return publication
  }

  /** Does something to a stream and keeps count of the bytes. */
  #change<T>(stream: Stream, change: (stream: Stream) => T): T {
    const before = stream.bytes
    const result = change(stream)
    this.#totalBytes += stream.bytes - before
    return result
  }

  #stream(channel: string, limits: Required<HistoryOptions>): Stream {
    let stream = this.#streams.get(channel)
    if (stream === undefined) {
      if (this.#streams.size >= this.#options.maxChannels) this.#forgetOne()
      stream = new Stream(channel, this.#epoch, limits)
    } else this.#streams.delete(channel)
    this.#streams.set(channel, stream)
    return stream
  }

  /** Reading a channel that nobody ever published or subscribed to takes no room: it says the same when it is made. */
  #streamToRead(channel: string, limits: Required<HistoryOptions>): Stream {
    if (this.#streams.has(channel) || this.#subscribed.has(channel)) return this.#stream(channel, limits)
    return new Stream(channel, this.#epoch, limits)
  }

  #keepWithinTotal(): void {
    for (const stream of this.#streams.values()) {
      if (this.#totalBytes <= this.#options.maxTotalBytes) return
      this.#change(stream, (unused) => unused.release())
    }
  }

  #sweep(): void {
    const nowMs = this.#ports.now()
    this.#keys.trim(nowMs)
    for (const stream of this.#streams.values()) this.#change(stream, (each) => each.trim(nowMs))
  }

  /** Makes room for a stream. */
  #forgetOne(): void {
    for (const [channel, stream] of this.#streams) {
      if (this.#subscribed.has(channel)) continue
      this.#change(stream, (unused) => unused.release())
      this.#streams.delete(channel)
      if (stream.position.offset > 0) this.#epoch = this.#ports.createEpoch()
      return
    }
    throw new HubError(
      'ERR_CHANNEL_LIMIT',
      `All ${this.#options.maxChannels} channels are in use (maxChannels). Use fewer, or raise the limit.`,
    )
  }
}
