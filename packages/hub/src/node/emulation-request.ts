import { refuse } from '@wigwag/socket'

/** What a client sends beside its stream, and for which session. */
export interface EmulationRequest {
  readonly node: string
  readonly session: string
  readonly data: string
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

/** An object's fields; none for anything else. */
function parseFields(text: string): Readonly<Record<string, unknown>> {
  try {
    const value = JSON.parse(text) as unknown
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
