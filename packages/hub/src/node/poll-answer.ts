import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { encodePlain } from '../publication/data-format.ts'
import { encodePosition, type Position } from '../publication/position.ts'
import type { Publication, PublicationData } from '../publication/publication.ts'
import { encodeHttpDate } from './http-date.ts'
import type { PollBatch } from './poll-batch.ts'
import { knownSecond } from './whole-seconds.ts'

const ARRAY_START = Buffer.from('[')
const ARRAY_NEXT = Buffer.from(',\n')
const ARRAY_END = Buffer.from(']\n')

/** Answers with the data of a publication as itself, of its own media type. */
export function answerData(response: ServerResponse, publication: Publication, position: Position | undefined): void {
  const { data } = publication
  // Without a position there is no history, and nothing to ask on from.
  const knownS = publication.position && knownSecond(publication, Date.now())
  const plain = encodePlain(data)
  const body = typeof plain === 'string' ? Buffer.from(plain) : plain
  response.writeHead(200, {
    ...pollHeaders(position, knownS),
    'content-type': mediaTypeOf(data),
    'content-length': body.length,
  })
  response.end(body)
}

/** Answers with an array of publications, one line each, and owns up to a gap before them. `knownS` is the second up to whose end that is all. */
export function answerBatch(
  response: ServerResponse,
  { encoded, position, gap }: PollBatch,
  knownS: number | undefined,
): void {
  const separators = Math.max(0, encoded.length - 1) * ARRAY_NEXT.length
  const brackets = ARRAY_START.length + ARRAY_END.length
  response.writeHead(200, {
    ...pollHeaders(position, knownS),
    ...(gap === undefined ? {} : { 'wigwag-recovered': 'false', 'wigwag-gap': gap.reason }),
    'content-type': 'application/json',
    'content-length': encoded.reduce((bytes, each) => bytes + each.length, brackets + separators),
  })
  // In one write, and without a copy: a thousand polls are answered with the same bytes.
  response.cork()
  response.write(ARRAY_START)
  for (const [i, each] of encoded.entries()) {
    if (i > 0) response.write(ARRAY_NEXT)
    response.write(each)
  }
  response.end(ARRAY_END)
}

/** Answers that there is nothing: 304 to whoever stands somewhere, 204 to whoever asked for what there is. */
export function answerNothing(
  response: ServerResponse,
  position: Position | undefined,
  after: boolean,
  knownS?: number,
): void {
  response.writeHead(after ? 304 : 204, pollHeaders(position, knownS)).end()
}

function pollHeaders(position: Position | undefined, knownS: number | undefined): OutgoingHttpHeaders {
  return {
    'cache-control': 'no-store',
    vary: 'Accept, Origin',
    // What is published is data, whatever a browser would like to see in it.
    'x-content-type-options': 'nosniff',
    ...(position === undefined ? {} : { etag: `"${encodePosition(position)}"` }),
    ...(knownS === undefined ? {} : { 'last-modified': encodeHttpDate(knownS) }),
  }
}

function mediaTypeOf(data: PublicationData): string {
  if (typeof data === 'string') return 'text/plain; charset=utf-8'
  return data instanceof Uint8Array ? 'application/octet-stream' : 'application/json'
}
