/** A channel's name, taken apart. */
export interface ChannelParts {
  readonly name: string
  /** What is before the first `:`; empty for the default namespace. */
  readonly namespace: string
  /** What is behind it; all of the name in the default namespace. */
  readonly rest: string
}

const NAMESPACE_END = ':'
const USER_BOUNDARY = '#'
const USER_SEPARATOR = ','

/** Takes a name apart. */
export function parseChannelParts(name: string): ChannelParts {
  const end = name.indexOf(NAMESPACE_END)
  if (end === -1) return { name, namespace: '', rest: name }
  return { name, namespace: name.slice(0, end), rest: name.slice(end + 1) }
}

/**
 * Whether a channel's name lets a user in: one with `#` is for the users behind it only, as in `news#42` and `talk#42,43`.
 * Whoever is anonymous is nobody that a name can mean.
 */
export function isForUser(name: string, user: string): boolean {
  const boundary = name.indexOf(USER_BOUNDARY)
  if (boundary === -1) return true
  return (
    user !== '' &&
    name
      .slice(boundary + 1)
      .split(USER_SEPARATOR)
      .includes(user)
  )
}
