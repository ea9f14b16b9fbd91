import { refuse } from '@wigwag/socket'
import type { HeaderFields } from '@wigwag/socket/core'
import { type Position, parsePosition } from '../publication/position.ts'

/** What a poll asks for. */
export interface PollRequest {
  /** Behind which position; the latest publication when there is none. */
  readonly after: Position | undefined
  /** How long to wait for a publication when there is none yet; a plain poll does not say. */
  readonly waitMs: number | undefined
}

/** The longest that a timer of Node's can be set to. */
const MAX_TIMER_MS = 2_147_483_647

/**
 * An entity tag that is a position. §8.8.3 of RFC 9110 has weak ones, which nginx makes of ours when it compresses;
 * other proxies append the coding.
 */
const POSITION_TAG = /^(?:W\/)?"([A-Za-z0-9_-]{1,64}:\d{1,16})(?:--?(?:gzip|br|zstd|deflate))?"$/

/** Reads the position and the wait of a poll. Throws `HubError` `ERR_POSITION`, or a refusal, for what is malformed. */
export function parsePollRequest(query: URLSearchParams, headers: HeaderFields, maxWaitMs: number): PollRequest {
  const after = positionOfTags(headers) ?? positionOfQuery(query)
  return { after, waitMs: parseWait(query.get('wait'), maxWaitMs) }
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

/** How long to wait, in milliseconds, of a `wait` in seconds. Throws a refusal for what is malformed. */
export function parseWait(seconds: string | null, maxWaitMs: number): number | undefined {
  if (seconds === null) return undefined
  if (/^\d{1,9}(\.\d{1,9})?$/.test(seconds)) return Math.min(Math.ceil(Number(seconds) * 1000), maxWaitMs, MAX_TIMER_MS)
  throw refuse(400, `wait=${seconds.slice(0, 50)} is no time to wait. Write seconds, as in ?wait=30 or ?wait=0.5.`)
}
