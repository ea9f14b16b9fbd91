import type { ClientInfo } from '@wigwag/hub'

/**
 * What is known of a session, as Redis holds it: the user's id as JSON, so that a script finds its end, and behind it in
 * a line of its own what the application said. The session's id is the field that it lies in.
 */
export function encodeStoredInfo({ user, conn_info, chan_info }: ClientInfo): string {
  // JSON has no line ends of its own.
  const said = JSON.stringify({ conn_info, chan_info })
  return said === '{}' ? JSON.stringify(user) : `${JSON.stringify(user)}\n${said}`
}

/** Reads what `encodeStoredInfo` wrote. Throws for anything else. */
export function decodeStoredInfo(client: string, stored: string): ClientInfo {
  const end = stored.indexOf('\n')
  const user: unknown = JSON.parse(end === -1 ? stored : stored.slice(0, end))
  if (typeof user !== 'string') throw notOurs()
  if (end === -1) return { client, user }
  const said: unknown = JSON.parse(stored.slice(end + 1))
  if (typeof said !== 'object' || said === null) throw notOurs()
  const { conn_info, chan_info } = said as Pick<ClientInfo, 'conn_info' | 'chan_info'>
  return {
    client,
    user,
    ...(conn_info !== undefined && { conn_info }),
    ...(chan_info !== undefined && { chan_info }),
  }
}

function notOurs(): Error {
  return new Error('This was not stored by Wigwag.')
}
