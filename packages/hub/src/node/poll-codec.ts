import type { PublicationCodec } from '../channel/publication-codec.ts'
import type { Publication } from '../publication/publication.ts'
import { encodePublicationLine } from '../publication/publication-line.ts'

/** A publication as a member of a poll's array: the same object as a line of `wigwag.publication.v1`. */
export const pollCodec: PublicationCodec<Buffer> = {
  encode: (publication: Publication) =>
    Buffer.from(encodePublicationLine(publication, (bytes) => Buffer.from(bytes).toString('base64'))),
}
