import { originForm } from '@wigwag/socket/core'
import { assertChannelName } from '../channel/channel-name.ts'
import { HubError } from '../error/hub-error.ts'

/** Where channels live: `/channel/NAME`, with NAME percent-encoded UTF-8 in one path segment. */
const CHANNEL_PREFIX = '/channel/'
/** The same for a WebSocket, as pages written for other push modules ask for it. */
const ALIAS_PATH = '/ws'

/** A request for a channel. */
export interface ChannelUrl {
  /** Percent-encoded, as it was sent. */
  readonly encodedName: string
  readonly query: URLSearchParams
}

/** Reads a request-target. Returns nothing when it is none of ours. `alias` also knows `/ws?channel=NAME`. */
export function matchChannelUrl(target: string, alias: boolean): ChannelUrl | undefined {
  const resource = originForm(target)
  const queryStart = resource.indexOf('?')
  const path = queryStart < 0 ? resource : resource.slice(0, queryStart)
  const query = new URLSearchParams(queryStart < 0 ? '' : resource.slice(queryStart + 1))
  if (path.startsWith(CHANNEL_PREFIX)) return { encodedName: path.slice(CHANNEL_PREFIX.length), query }
  // Without a channel it may well be the application's own: no path is more common for a WebSocket.
  const channel = alias && path === ALIAS_PATH ? query.get('channel') : null
  return channel === null ? undefined : { encodedName: encodeURIComponent(channel), query }
}

/** The channel's name. Throws `HubError` `ERR_CHANNEL_NAME` for one that is malformed. */
export function decodeChannelName(encodedName: string): string {
  if (encodedName.includes('/')) {
    throw new HubError('ERR_CHANNEL_NAME', 'A channel is one path segment: /channel/NAME. Write "/" in a name as %2F.')
  }
  const name = decode(encodedName)
  assertChannelName(name)
  return name
}

function decode(encodedName: string): string {
  try {
    return decodeURIComponent(encodedName)
  } catch {
    throw new HubError('ERR_CHANNEL_NAME', 'The channel in the URL is not percent-encoded UTF-8.')
  }
}

/** The path of a channel. */
export function channelPath(name: string): string {
  return CHANNEL_PREFIX + encodeURIComponent(name)
}
