import type { Publication } from '../publication/publication.ts'
import { encodePublicationLine } from '../publication/publication-line.ts'

/** A publication as the line that WebSockets, streams of lines and polls have in common. */
export function encodeLine(publication: Publication): string {
  return encodePublicationLine(publication, (bytes) => Buffer.from(bytes).toString('base64'))
}
