import type { ClientInfo } from '@wigwag/hub'

/** Whether a JSON value says who a session is: whoever reaches Redis can send to its channels. */
export function isSessionInfo(value: unknown): value is ClientInfo {
  if (typeof value !== 'object' || value === null) return false
  const { client, user } = value as Partial<Record<keyof ClientInfo, unknown>>
  return typeof client === 'string' && typeof user === 'string'
}
