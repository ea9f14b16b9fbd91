import { refuse } from '@wigwag/socket'
import type { HeaderFields } from '@wigwag/socket/core'
import { type Position, parsePosition } from '../publication/position.ts'
import { parseHttpDate } from './http-date.ts'

/** What a poll asks for. */
export interface PollRequest {
  /** Behind which position. */
  readonly after: Position | undefined
  /**
   * Behind which second, since 1970, of those who know no position; `'latest'`: from the latest publication on, and by
   * seconds from there. With neither position nor second it is the latest publication.
   */
  readonly since: number | 'latest' | undefined
  /** How long to wait for a publication when there is none yet; a plain poll does not say. */
  readonly waitMs: number | undefined
}

/** The longest that a timer of Node's can be set to. */
const MAX_TIMER_MS = 2_147_483_647
/** How far ahead of ours a time may be that we, or another node, gave to a client. */
const MAX_AHEAD_S = 60
/** Seconds have fewer digits for the next three thousand years; milliseconds as many since 1973. */
const MIN_MS = 100_000_000_000

/**
 * An entity tag that is a position. §8.8.3 of RFC 9110 has weak ones, which nginx makes of ours when it compresses;
 * other proxies append the coding.
 */
const POSITION_TAG = /^(?:W\/)?"([A-Za-z0-9_-]{1,64}:\d{1,16})(?:--?(?:gzip|br|zstd|deflate))?"$/
/** What `If-None-Match` may have at all. */
const ENTITY_TAG = /^(?:(?:W\/)?"[^"]*"|\*)$/

/**
 * Reads from where a poll asks, and how long it waits: by a tag, else by `after`, else by a date, else by `timestamp`.
 * Throws `HubError` `ERR_POSITION`, or a refusal, for what is malformed.
 */
export function parsePollRequest(
  query: URLSearchParams,
  headers: HeaderFields,
  maxWaitMs: number,
  nowMs: number = Date.now(),
): PollRequest {
  const after = positionOfTags(headers) ?? positionOfQuery(query)
  const nowS = Math.floor(nowMs / 1000)
  const since = after === undefined ? (secondOfDate(headers, nowS) ?? secondOfQuery(query, nowS)) : undefined
  return { after, since, waitMs: parseWait(query.get('wait'), maxWaitMs) }
}

/** The first tag that is a position. `*` and tags of other origin match nothing here, as RFC 9110 §13.1.2 has it. */
function positionOfTags(headers: HeaderFields): Position | undefined {
  for (const tag of headers.list('if-none-match')) {
    const position = POSITION_TAG.exec(tag)?.[1]
    if (position === undefined) continue
    try {
      return parsePosition(position)
    } catch {
      // Some other server's.
    }
  }
  return undefined
}

function positionOfQuery(query: URLSearchParams): Position | undefined {
  const position = query.get('after') ?? ''
  return position === '' ? undefined : parsePosition(position)
}

/** RFC 9110 §13.1.3: what is no date is passed over, and so is every date beside a tag. So is one that is yet to come. */
function secondOfDate(headers: HeaderFields, nowS: number): number | undefined {
  if (headers.list('if-none-match').some((tag) => ENTITY_TAG.test(tag))) return undefined
  const second = parseHttpDate(headers.get('if-modified-since') ?? '', nowS)
  return second === undefined || second > nowS + MAX_AHEAD_S ? undefined : Math.max(0, second)
}

function secondOfQuery(query: URLSearchParams, nowS: number): number | 'latest' | undefined {
  const timestamp = query.get('timestamp')
  if (timestamp === null) return undefined
  if (timestamp === '') return 'latest'
  if (!/^\d{1,16}(\.\d{1,9})?$/.test(timestamp)) {
    throw refuse(
      400,
      `timestamp=${timestamp.slice(0, 50)} is no time. Write seconds since 1970, or milliseconds as publications have them, ` +
        'or nothing (?timestamp=) for the first poll.',
    )
  }
  const time = Number(timestamp)
  const second = Math.floor(time >= MIN_MS ? time / 1000 : time)
  if (second <= nowS + MAX_AHEAD_S) return second
  throw refuse(
    400,
    `timestamp=${timestamp} is in the future: nothing would come until then. Send the time of the latest publication that ` +
      'you have, not that of your clock.',
  )
}

/** How long to wait, in milliseconds, of a `wait` in seconds. Throws a refusal for what is malformed. */
export function parseWait(seconds: string | null, maxWaitMs: number): number | undefined {
  if (seconds === null) return undefined
  if (/^\d{1,9}(\.\d{1,9})?$/.test(seconds)) return Math.min(Math.ceil(Number(seconds) * 1000), maxWaitMs, MAX_TIMER_MS)
  throw refuse(400, `wait=${seconds.slice(0, 50)} is no time to wait. Write seconds, as in ?wait=30 or ?wait=0.5.`)
}
