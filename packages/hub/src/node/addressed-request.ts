import { refuse } from '@wigwag/socket'

/** What a client says, and for which session. */
export interface EmulationRequest {
  readonly node: string
  readonly session: string
  readonly data: string
}

/** From which packet on a client asks, and of which session. */
export interface SessionPoll {
  readonly node: string
  readonly session: string
  readonly last: number
}

/** Reads the body of a request to `/emulation`. Throws a refusal for what is none. */
export function parseEmulationRequest(text: string): EmulationRequest {
  const { node, session, data } = parseFields(text)
  if (typeof node === 'string' && typeof session === 'string' && typeof data === 'string') {
    return { node, session, data }
  }
  throw refuse(
    400,
    'Send {"node", "session", "data"}: the first two as the reply to connect has them, and commands as a string.',
  )
}

/** Reads the body of a poll; nothing for one with which a session begins. Throws a refusal for what is neither. */
export function parseSessionPoll(text: string): SessionPoll | undefined {
  const { node, session, last } = parseFields(text)
  if (session === undefined) return undefined
  if (typeof node === 'string' && typeof session === 'string' && Number.isSafeInteger(last) && (last as number) >= 0) {
    return { node, session, last: last as number }
  }
  throw refuse(
    400,
    'Send {"node", "session", "last"}: the first two as the reply to connect has them, the last as the answer to the poll before.',
  )
}

/** An object's fields; none for anything else. */
function parseFields(text: string): Readonly<Record<string, unknown>> {
  try {
    const value = JSON.parse(text) as unknown
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
