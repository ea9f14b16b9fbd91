import type { Publication } from '../publication/publication.ts'

/** How a kind of transport writes a publication. One codec serves all its subscribers, so each publication is encoded once. */
export interface PublicationCodec<Encoded> {
  encode(publication: Publication): Encoded
}
