import { originForm } from '@wigwag/socket/core'

/** What sessions come in by, and what they send to. */
export type SessionDoorName = 'websocket' | 'http_stream' | 'sse' | 'long_poll' | 'emulation'

/** Where they are, as clients of Centrifuge's protocol expect it. */
const DOORS: ReadonlyMap<string, SessionDoorName> = new Map([
  ['/connection/websocket', 'websocket'],
  ['/connection/http_stream', 'http_stream'],
  ['/connection/sse', 'sse'],
  ['/connection/long_poll', 'long_poll'],
  ['/emulation', 'emulation'],
])

/** Which of them a request-target is; nothing when it is none. */
export function matchSessionUrl(target: string, basePath = ''): SessionDoorName | undefined {
  const path = originForm(target).split('?', 1)[0] ?? ''
  return path.startsWith(basePath) ? DOORS.get(path.slice(basePath.length)) : undefined
}
