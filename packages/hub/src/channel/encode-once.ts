import type { Publication } from '../publication/publication.ts'
import type { PublicationCodec } from './publication-codec.ts'

/** Writes the publications of one recovery, each once for every codec, however many subscriptions recover together. */
export class EncodeOnce {
  readonly #encoded = new Map<PublicationCodec<unknown>, Map<Publication, unknown>>()

  /** What `codec` makes of a publication. */
  encode<Encoded>(codec: PublicationCodec<Encoded>, publication: Publication): Encoded {
    let known = this.#encoded.get(codec)
    if (known === undefined) {
      known = new Map()
      this.#encoded.set(codec, known)
    }
    let encoded = known.get(publication) as Encoded | undefined
    if (encoded === undefined) {
      encoded = codec.encode(publication)
      known.set(publication, encoded)
    }
    return encoded
  }
}
