import { HubError } from '../error/hub-error.ts'
import type { Position } from '../publication/position.ts'
import type { Publication, PublicationData } from '../publication/publication.ts'
import type { Broker, BrokerListener, History } from './broker.ts'
import {
  type MemoryBrokerOptions,
  type ResolvedMemoryBrokerOptions,
  resolveMemoryBrokerOptions,
} from './history-options.ts'
import { Stream } from './stream.ts'

/** What the host lends the memory broker. */
export interface MemoryBrokerPorts {
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** A new id for a stream, never given before: letters, digits, `-` and `_`, at most 64. */
  readonly createEpoch: () => string
}

/** The broker of one process: streams in memory, lost when it ends. */
export class MemoryBroker implements Broker {
  readonly #options: ResolvedMemoryBrokerOptions
  readonly #ports: MemoryBrokerPorts
  readonly #subscribed = new Set<string>()
  /** In the order of their last use, the longest unused first. */
  readonly #streams = new Map<string, Stream>()
  #listener: BrokerListener | undefined

  /** Throws `HubError` `ERR_OPTION` for an option out of range. */
  constructor(options: MemoryBrokerOptions, ports: MemoryBrokerPorts) {
    this.#options = resolveMemoryBrokerOptions(options)
    this.#ports = ports
  }

  async start(listener: BrokerListener): Promise<void> {
    this.#listener = listener
  }

  // Not async: what is published in one turn is stored and told in that order, within the call.
  publish(channel: string, data: PublicationData): Promise<Publication> {
    let publication: Publication
    try {
      publication = this.#store(channel, data)
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
  }

  async history(channel: string, after?: Position): Promise<History> {
    if (this.#options.history.size === 0) return { position: undefined, publications: [], gap: undefined }
    return this.#stream(channel).read(after, this.#ports.now())
  }

  async close(): Promise<void> {
    this.#listener = undefined
    this.#streams.clear()
    this.#subscribed.clear()
  }

  #store(channel: string, data: PublicationData): Publication {
    const nowMs = this.#ports.now()
    if (this.#options.history.size === 0) return { channel, data, time: nowMs, position: undefined }
    return this.#stream(channel).append(data, nowMs)
  }

  #stream(channel: string): Stream {
    let stream = this.#streams.get(channel)
    if (stream === undefined) {
      if (this.#streams.size >= this.#options.maxChannels) this.#forgetOne()
      stream = new Stream(channel, this.#ports.createEpoch(), this.#options.history)
    } else this.#streams.delete(channel)
    this.#streams.set(channel, stream)
    return stream
  }

  /** Makes room for a stream. One that is forgotten begins anew under another epoch, so nobody mistakes it for the old. */
  #forgetOne(): void {
    for (const channel of this.#streams.keys()) {
      if (this.#subscribed.has(channel)) continue
      this.#streams.delete(channel)
      return
    }
    throw new HubError(
      'ERR_CHANNEL_LIMIT',
      `All ${this.#options.maxChannels} channels are in use (maxChannels). Use fewer, or raise the limit.`,
    )
  }
}
