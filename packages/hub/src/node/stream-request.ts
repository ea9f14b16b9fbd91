import type { HeaderFields } from '@wigwag/socket/core'
import { type Position, parsePosition } from '../publication/position.ts'

/** What clients that cannot send `Last-Event-ID` call it in a URL. */
const LAST_EVENT_ID_NAMES = ['last_event_id', 'lastEventId', 'lastEventID', 'Last-Event-ID']

/**
 * From where a stream is asked for. A client that comes back by itself says so in the header, or where it cannot, by the
 * name that it knows for it; and it still sends the `after` that its URL began with. Throws `HubError` `ERR_POSITION`.
 */
export function parseStreamStart(query: URLSearchParams, headers: HeaderFields): Position | undefined {
  const said = [headers.get('last-event-id'), ...[...LAST_EVENT_ID_NAMES, 'after'].map((name) => query.get(name))]
  const position = said.find((each) => each !== undefined && each !== null && each !== '')
  return position ? parsePosition(position) : undefined
}
