import type { Announcement, ClientInfo } from '@wigwag/hub'
import { isSessionInfo } from './session-info.ts'

// What a live message of a publication begins with is an epoch or a colon, and neither of these.
const JOIN = 0x3e // >
const LEAVE = 0x3c // <

/** Who comes or goes, as it is sent on a live channel: `>` or `<`, then the session's info as JSON. */
export function encodeAnnouncement(kind: Announcement, info: ClientInfo): string {
  return `${kind === 'join' ? '>' : '<'}${JSON.stringify(info)}`
}

/** Whether a live message says who comes or goes, and which of the two. */
export function announcementKind(message: Buffer): Announcement | undefined {
  if (message[0] === JOIN) return 'join'
  return message[0] === LEAVE ? 'leave' : undefined
}

/** Reads who it is. Throws for anything else: whoever reaches Redis can send to its channels. */
export function decodeAnnouncedInfo(message: Buffer): ClientInfo {
  const info = JSON.parse(message.toString('utf8', 1)) as unknown
  if (isSessionInfo(info)) return info
  throw new Error('This was not announced by Wigwag.')
}
