import { HubError } from '../error/hub-error.ts'

/** Longest channel name, in UTF-16 code units. */
export const MAX_CHANNEL_NAME_LENGTH = 255

/** Why `name` cannot name a channel; nothing when it can. */
function describeFault(name: string): string | undefined {
  if (name === '') return 'it is empty'
  if (name.length > MAX_CHANNEL_NAME_LENGTH)
    return `it has ${name.length} characters; at most ${MAX_CHANNEL_NAME_LENGTH} are allowed`
  // Brokers give these a meaning in patterns and subjects; URLs resolve the dots away.
  const forbidden = /[*>?\s\p{Cc}\p{Cs}]/u.exec(name)?.[0]
  if (forbidden !== undefined) return `${JSON.stringify(forbidden)} is not allowed in it`
  if (name === '.' || name === '..') return 'a URL cannot carry it'
  if (name.startsWith('__')) return 'names that start with "__" are reserved'
  return undefined
}

/** Whether this can name a channel, as `assertChannelName` has it. */
export function isChannelName(name: unknown): name is string {
  return typeof name === 'string' && describeFault(name) === undefined
}

/**
 * Checks a channel name: 1 to 255 characters, no white space or control characters, none of `*`, `>` and `?`, not
 * starting with `__`. Throws `HubError` `ERR_CHANNEL_NAME` that says what is wrong.
 */
export function assertChannelName(name: string): void {
  const fault = describeFault(name)
  if (fault === undefined) return
  throw new HubError('ERR_CHANNEL_NAME', `${JSON.stringify(name.slice(0, 60))} cannot name a channel: ${fault}.`)
}
