import type { PublicationCodec } from '../channel/publication-codec.ts'
import { encodePlain } from '../publication/data-format.ts'
import { encodePosition, type Position } from '../publication/position.ts'
import type { Gap, Publication } from '../publication/publication.ts'
import { describeGap } from '../publication/publication-line.ts'

/** Names of events that say something themselves, and those that an EventSource dispatches by itself. */
const RESERVED = new Set(['bytes', 'gap', 'live', 'failure', 'open', 'error', 'message', ''])
/** What can stand in a field: a line end would begin another one. Longer than this is no name. */
const EVENT_NAME = /^[^\p{Cc}\u2028\u2029]{1,200}$/u

/**
 * A publication as a server-sent event: its position as the id, its `type` tag as the event, its data as the data, and
 * bytes in base64 as an event named `bytes`. Every end of line in text (CR, LF, CRLF) arrives as LF: the format has no other.
 */
export const sseCodec: PublicationCodec<Buffer> = {
  encode({ data, position, tags }: Publication): Buffer {
    const plain = encodePlain(data)
    const id = position === undefined ? '' : `id: ${encodePosition(position)}\n`
    if (typeof plain === 'string') return Buffer.from(`${id}${eventField(tags?.['type'])}${dataLines(plain)}\n`)
    return Buffer.from(`${id}event: bytes\ndata: ${Buffer.from(plain).toString('base64')}\n\n`)
  },
}

/** A gap as an event named `gap`. */
export function encodeGapEvent(gap: Gap): string {
  return `event: gap\ndata: ${JSON.stringify(describeGap(gap))}\n\n`
}

/**
 * Where recovery ends: a comment for people, and an event whose id says where to resume before anything else came. It has
 * data, because not every client keeps the id of an event without.
 */
export function encodeLiveEvent(position: Position | undefined, recovered: number): string {
  const told = position && encodePosition(position)
  const id = told === undefined ? '' : `id: ${told}\n`
  return `: live, ${recovered} recovered\n${id}event: live\ndata: ${JSON.stringify({ position: told, recovered })}\n\n`
}

/** A publisher's word for what it is, where that can be the name of an event. */
function eventField(type: string | undefined): string {
  return type === undefined || RESERVED.has(type) || !EVENT_NAME.test(type) ? '' : `event: ${type}\n`
}

function dataLines(text: string): string {
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => `data: ${line}\n`)
    .join('')
}
