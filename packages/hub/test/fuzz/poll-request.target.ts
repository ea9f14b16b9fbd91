import { HubError } from '@wigwag/hub'
import { Refusal } from '@wigwag/socket'
import { HeaderFields, ProtocolError, parseRequestHead } from '@wigwag/socket/core'
import { latin1, must, unlessRefused } from '../../../../tools/fuzz/fuzz-target.ts'
import { matchChannelUrl } from '../../src/node/channel-url.ts'
import { parsePollRequest } from '../../src/node/poll-request.ts'
import { encodePosition, type Position, parsePosition } from '../../src/publication/position.ts'

/** What a poll or a stream asks for: `?after=`, `?wait=`, `If-None-Match`, `Last-Event-ID`. */
export function fuzz(input: Uint8Array): void {
  const head = parseRequestHead(latin1(input))
  if (head instanceof ProtocolError) return
  const query = matchChannelUrl(head.target, false)?.query
  if (query === undefined) return
  const poll = unlessRefused(() => parsePollRequest(query, head.headers, MAX_WAIT_MS), isDocumented)
  if (poll?.after !== undefined) checkPosition(poll.after)
  if (poll?.waitMs !== undefined) must(poll.waitMs >= 0 && poll.waitMs <= MAX_WAIT_MS, () => `wait is ${poll.waitMs}`)
  const resumed = unlessRefused(
    () => parsePosition(new HeaderFields([...head.headers].flat()).get('last-event-id') ?? ''),
    isDocumented,
  )
  if (resumed !== undefined) checkPosition(resumed)
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
  'no position': get('', 'Last-Event-ID: seven'),
}

export const dictionary: string[] = [
  '?after=',
  '&wait=',
  'If-None-Match: ',
  'Last-Event-ID: ',
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
