import { type HeaderFields, isToken } from '../http/header-fields.ts'

/**
 * The subprotocols a client offers, most wanted first (RFC 6455 §4.1 step 10): tokens, each at most once.
 * Returns what is wrong instead when they are not.
 */
export function parseSubprotocols(
  headers: HeaderFields,
): { readonly offered: readonly string[] } | { readonly fault: string } {
  if (!headers.has('sec-websocket-protocol')) return NONE
  const offered = headers.list('sec-websocket-protocol')
  if (offered.length === 0) return { fault: 'Sec-WebSocket-Protocol is empty' }
  const wrong = offered.find((name) => !isToken(name))
  if (wrong !== undefined) return { fault: `Sec-WebSocket-Protocol has ${JSON.stringify(wrong)}, which is no token` }
  if (new Set(offered).size !== offered.length) return { fault: 'Sec-WebSocket-Protocol names a subprotocol twice' }
  return { offered }
}

const NONE = { offered: [] }

/** The first offered subprotocol that we speak, in the client's order of preference; none when there is none. */
export function selectSubprotocol(offered: readonly string[], spoken: readonly string[]): string | undefined {
  // Our own string of it: that of the client may keep its whole request in memory.
  const chosen = offered.find((name) => spoken.includes(name))
  return spoken.find((name) => name === chosen)
}
