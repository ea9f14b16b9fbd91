import { HubError } from '@wigwag/hub'
import { Refusal } from '@wigwag/socket'
import { ProtocolError, parseRequestHead } from '@wigwag/socket/core'
import { latin1, must, unlessRefused } from '../../../../tools/fuzz/fuzz-target.ts'
import { matchChannelUrl } from '../../src/node/channel-url.ts'
import { parsePollRequest } from '../../src/node/poll-request.ts'
import { chooseStream } from '../../src/node/stream-choice.ts'
import { parseStreamStart } from '../../src/node/stream-request.ts'
import { encodePosition, type Position, parsePosition } from '../../src/publication/position.ts'

/** What a poll or a stream asks for: positions, tags, times, `?wait=`, `Last-Event-ID` by all its names, `Accept`. */
export function fuzz(input: Uint8Array): void {
  const head = parseRequestHead(latin1(input))
  if (head instanceof ProtocolError) return
  const query = matchChannelUrl(head.target, false)?.query
  if (query === undefined) return
  const poll = unlessRefused(() => parsePollRequest(query, head.headers, MAX_WAIT_MS, NOW_MS), isDocumented)
  if (poll?.after !== undefined) checkPosition(poll.after)
  if (poll?.waitMs !== undefined) must(poll.waitMs >= 0 && poll.waitMs <= MAX_WAIT_MS, () => `wait is ${poll.waitMs}`)
  if (typeof poll?.since === 'number') checkSecond(poll.since)
  must(poll?.after === undefined || poll.since === undefined, 'it is asked from two places')
  const resumed = unlessRefused(() => parseStreamStart(query, head.headers), isDocumented)
  if (resumed !== undefined) checkPosition(resumed)
  must([undefined, 'sse', 'ndjson'].includes(chooseStream(head.headers)), 'it asks for a stream that there is none of')
}

const NOW_MS = 1_790_000_000_500

/** A time from which something may come: none that is far ahead. */
function checkSecond(second: number): void {
  must(Number.isSafeInteger(second) && second >= 0 && second <= NOW_MS / 1000 + 60, () => `second ${second}`)
}

const MAX_WAIT_MS = 60_000

function isDocumented(error: unknown): boolean {
  if (error instanceof Refusal) return error.status === 400 && error.message.length < 300
  return error instanceof HubError && error.code === 'ERR_POSITION' && error.message.length < 1000
}

function checkPosition(position: Position): void {
  must(Number.isSafeInteger(position.offset) && position.offset >= 0, () => `offset ${position.offset}`)
  must(/^[\w-]{1,64}$/.test(position.epoch), () => `epoch ${JSON.stringify(position.epoch)}`)
  const again = parsePosition(encodePosition(position))
  must(again.epoch === position.epoch && again.offset === position.offset, 'it is read otherwise than written')
}

const get = (query: string, ...lines: string[]): string => [`GET /channel/a${query} HTTP/1.1`, ...lines].join('\r\n')

export const seeds: Record<string, string> = {
  'a poll': get(''),
  'behind a position': get('?after=e-1:42'),
  'a long poll': get('?wait=30&after=e:0'),
  'a part of a second': get('?wait=0.25'),
  'no time': get('?wait=-1'),
  'an entity tag': get('', 'If-None-Match: "e:42"'),
  'a weak tag that a proxy has changed': get('', 'If-None-Match: *, "other", W/"e:42-gzip"'),
  'an offset above all numbers': get('?after=e:9999999999999999'),
  'an empty position': get('?after='),
  'a stream that resumes': get('', 'Last-Event-ID: e:7'),
  'a stream of a polyfill': get('?lastEventId=e:7&after=e:3', 'Accept: text/event-stream'),
  'a stream of lines': get('', 'Accept: text/event-stream;q=0.5, application/x-ndjson;q=0.9, */*'),
  'a time': get('?timestamp=1789999999'),
  'a time in milliseconds, and a wait': get('?wait=50&timestamp=1789999999123'),
  'a first poll by time': get('?timestamp='),
  'a date': get('', 'If-Modified-Since: Mon, 21 Sep 2026 14:13:20 GMT'),
  'obsolete dates': get('', 'If-Modified-Since: Monday, 21-Sep-26 14:13:20 GMT'),
  'a date of asctime beside a tag of other origin': get(
    '?timestamp=5',
    'If-None-Match: 0',
    'If-Modified-Since: Sun Nov  6 08:49:37 1994',
  ),
  'no position': get('', 'Last-Event-ID: seven'),
}

export const dictionary: string[] = [
  '?after=',
  '&wait=',
  'If-None-Match: ',
  'Last-Event-ID: ',
  '&timestamp=',
  '&lastEventId=',
  'If-Modified-Since: ',
  ' GMT',
  'Accept: ',
  ';q=0.001',
  'W/',
  '--gzip',
  ':0',
  '9007199254740991',
  '9007199254740992',
  '\r\n',
  '"',
  '%3A',
  '999999999.999999999',
]
