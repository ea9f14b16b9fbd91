import type { PublishOptions } from './broker/broker.ts'
import { assertIdempotencyKey } from './broker/idempotency-keys.ts'
import type { StartedBroker } from './broker/started-broker.ts'
import { assertChannelName } from './channel/channel-name.ts'
import { HubError } from './error/hub-error.ts'
import { hubErrorOf } from './error/hub-error-of.ts'
import { checkPublication, type Namespaces } from './namespace/namespaces.ts'
import { dataSize } from './publication/data-size.ts'
import type { Publication, PublicationData } from './publication/publication.ts'
import { assertTags } from './publication/tags.ts'

/** Checks what is published, and has the broker store it. */
export class Publisher {
  readonly #broker: StartedBroker
  readonly #namespaces: Namespaces
  /** Largest publication accepted, in bytes. */
  readonly maxPublicationBytes: number
  #published = 0

  constructor(broker: StartedBroker, namespaces: Namespaces, maxPublicationBytes: number) {
    this.#broker = broker
    this.#namespaces = namespaces
    this.maxPublicationBytes = maxPublicationBytes
  }

  /** How many were stored. */
  get published(): number {
    return this.#published
  }

  /** See `Hub.publish`. */
  publish(channel: string, data: PublicationData, options: PublishOptions): Promise<Publication> {
    return this.#namespaces.haveSchemas
      ? this.#publishChecked(channel, data, options)
      : this.publishAsIs(channel, data, options)
  }

  /** The same for data that the namespace's schema has seen. */
  async publishAsIs(channel: string, data: PublicationData, options: PublishOptions = {}): Promise<Publication> {
    this.#broker.assertOpen()
    assertChannelName(channel)
    this.#assertSize(data)
    if (options.idempotencyKey !== undefined) assertIdempotencyKey(options.idempotencyKey)
    if (options.tags !== undefined) assertTags(options.tags)
    try {
      // As `ask` does, without a function for each publication.
      if (this.#broker.starting !== undefined) await this.#broker.starting
      const publication = await this.#broker.broker.publish(channel, data, options)
      this.#published++
      return publication
    } catch (error) {
      throw hubErrorOf(error)
    }
  }

  async #publishChecked(channel: string, data: PublicationData, options: PublishOptions): Promise<Publication> {
    this.#broker.assertOpen()
    assertChannelName(channel)
    const target = this.#namespaces.resolve(channel)
    const checked = target === undefined ? data : checkPublication(target, data)
    // Publications are stored in the order of the calls, unless a schema takes its time.
    return this.publishAsIs(channel, checked instanceof Promise ? await checked : checked, options)
  }

  #assertSize(data: PublicationData): void {
    const bytes = dataSize(data)
    if (bytes <= this.maxPublicationBytes) return
    throw new HubError(
      'ERR_PUBLICATION_TOO_LARGE',
      `The publication takes ${bytes} bytes; maxPublicationBytes is ${this.maxPublicationBytes}. Publish less, or raise it (--max-publication).`,
    )
  }
}
