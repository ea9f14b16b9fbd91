import type { PublicationCodec } from '../channel/publication-codec.ts'
import type { Publication } from '../publication/publication.ts'
import { encodeLine } from './encode-line.ts'

/** A publication as a member of a poll's array: the same object as a line of `wigwag.publication.v1`. */
export const pollCodec: PublicationCodec<Buffer> = {
  encode: (publication: Publication) => Buffer.from(encodeLine(publication)),
}
