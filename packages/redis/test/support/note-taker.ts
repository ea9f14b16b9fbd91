import type { Gap, Hub, HubError, Publication, PublicationCodec, PublicationData, Subscriber } from '@wigwag/hub'

const codec: PublicationCodec<Publication> = { encode: (publication) => publication }

/** A subscriber of a hub that notes what it is told. */
export class NoteTaker implements Subscriber<Publication> {
  readonly codec: PublicationCodec<Publication> = codec
  readonly publications: Publication[] = []
  readonly gaps: Gap[] = []
  readonly failures: HubError[] = []
  /** How often recovery was done. */
  lives = 0
  #changed: () => void = () => {}

  /** Subscribes; resolves when the subscription is live. */
  static async subscribe(hub: Hub, channel: string): Promise<NoteTaker> {
    const note = new NoteTaker()
    hub.subscribe(channel, note)
    await note.#when(() => note.lives > 0)
    return note
  }

  get data(): PublicationData[] {
    return this.publications.map(({ data }) => data)
  }

  get epochs(): (string | undefined)[] {
    return this.publications.map(({ position }) => position?.epoch)
  }

  /** Resolves when `data` was the last that came. */
  until(data: PublicationData): Promise<void> {
    return this.#when(() => this.publications.at(-1)?.data === data)
  }

  deliver(publication: Publication): void {
    this.publications.push(publication)
    this.#changed()
  }

  gap(gap: Gap): void {
    this.gaps.push(gap)
    this.#changed()
  }

  live(): void {
    this.lives++
    this.#changed()
  }

  failed(error: HubError): void {
    this.failures.push(error)
    this.#changed()
  }

  async #when(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.failures[0] !== undefined) throw this.failures[0]
      await new Promise<void>((resolve) => {
        this.#changed = resolve
      })
    }
  }
}
