import type { Gap, HubError, Position, Publication, PublicationCodec, Subscriber } from '@wigwag/hub'

/** What a subscriber was told, in words that tests compare. */
export type Told =
  | { readonly publication: Publication }
  | { readonly gap: Gap; readonly toldUntilMs: number | undefined }
  | { readonly live: Position | undefined; readonly recovered: number }
  | { readonly failed: HubError }

/** Writes a publication as itself. */
const plainCodec: PublicationCodec<Publication> = { encode: (publication) => publication }

/** A subscriber that takes notes. */
export class RecordingSubscriber implements Subscriber<Publication> {
  readonly codec: PublicationCodec<Publication>
  readonly told: Told[] = []
  /** Called behind each note. */
  onTold: (told: Told) => void = () => {}

  constructor(codec: PublicationCodec<Publication> = plainCodec) {
    this.codec = codec
  }

  deliver(_encoded: Publication, publication: Publication): void {
    this.#note({ publication })
  }

  gap(gap: Gap, toldUntilMs?: number): void {
    this.#note({ gap, toldUntilMs })
  }

  live(live: Position | undefined, recovered: number): void {
    this.#note({ live, recovered })
  }

  failed(failed: HubError): void {
    this.#note({ failed })
  }

  /** The data of what was delivered. */
  get data(): unknown[] {
    return this.told.flatMap((told) => ('publication' in told ? [told.publication.data] : []))
  }

  /** Each note in a word: the data, `gap`, `live` or `failed`. */
  get words(): unknown[] {
    return this.told.map((told) => ('publication' in told ? told.publication.data : Object.keys(told)[0]))
  }

  /** Resolves when a note satisfies `wanted`. */
  async until(wanted: (told: Told) => boolean): Promise<void> {
    while (!this.told.some(wanted)) {
      await new Promise<void>((resolve) => {
        this.onTold = () => resolve()
      })
    }
  }

  #note(told: Told): void {
    this.told.push(told)
    this.onTold(told)
  }
}

/** That a subscription went live. */
export const isLive = (told: Told): boolean => 'live' in told
/** That a subscription failed. */
export const isFailed = (told: Told): boolean => 'failed' in told

/** Lets everything that waits for nothing but microtasks happen. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve()
}
