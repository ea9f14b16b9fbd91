import type { PublicationCodec } from '../channel/publication-codec.ts'
import { encodePlain } from '../publication/data-format.ts'
import { encodePosition, type Position } from '../publication/position.ts'
import type { Gap, Publication } from '../publication/publication.ts'
import { describeGap } from '../publication/publication-line.ts'

/**
 * A publication as a server-sent event: its position as the id, its data as the data, and bytes in base64 as an event
 * named `bytes`. Every end of line in text (CR, LF, CRLF) arrives as LF: the format has no other.
 */
export const sseCodec: PublicationCodec<Buffer> = {
  encode({ data, position }: Publication): Buffer {
    const plain = encodePlain(data)
    const id = position === undefined ? '' : `id: ${encodePosition(position)}\n`
    if (typeof plain === 'string') return Buffer.from(`${id}${dataLines(plain)}\n`)
    return Buffer.from(`${id}event: bytes\ndata: ${Buffer.from(plain).toString('base64')}\n\n`)
  },
}

/** A gap as an event named `gap`. */
export function encodeGapEvent(gap: Gap): string {
  return `event: gap\ndata: ${JSON.stringify(describeGap(gap))}\n\n`
}

/** Where recovery ends: a comment for people, and an id, so that a client knows where to resume before anything came. */
export function encodeLiveComment(position: Position | undefined, recovered: number): string {
  const id = position === undefined ? '' : `id: ${encodePosition(position)}\n`
  return `: live, ${recovered} recovered\n${id}\n`
}

function dataLines(text: string): string {
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => `data: ${line}\n`)
    .join('')
}
