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
export function matchChannelUrl(target: string, alias: boolean, basePath = ''): ChannelUrl | undefined {
  const resource = originForm(target)
  const queryStart = resource.indexOf('?')
  const wholePath = queryStart < 0 ? resource : resource.slice(0, queryStart)
  if (!wholePath.startsWith(`${basePath}/`)) return undefined
  const path = wholePath.slice(basePath.length)
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

/** The path of a channel; `basePath` is the option of the endpoint that serves it. */
export function channelPath(name: string, basePath = ''): string {
  return basePath + CHANNEL_PREFIX + encodeURIComponent(name)
}

/** A segment of a path (RFC 3986 §3.3). A client resolves `.` and `..` before it asks. */
const SEGMENT = /^(?!\.{1,2}$)[\w.~!$&'()*+,;=:@%-]+$/

/** Throws `HubError` `ERR_OPTION` for a path that no URL could have before a channel. */
export function checkBasePath(basePath: string): void {
  const [root, ...segments] = basePath.split('/')
  if (root === '' && segments.every((segment) => SEGMENT.test(segment))) return
  throw new HubError(
    'ERR_OPTION',
    `Option basePath must start with "/", not end with it, and have no query, as in "/push"; it is ${JSON.stringify(basePath)}.`,
  )
}
