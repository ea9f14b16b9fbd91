/** What the subprotocol begins with that carries a credential. */
const PREFIX = 'basic.'

/**
 * What a client of a WebSocket shows to be let in, as an `Authorization` header has it: that header, or, for pages, which
 * cannot set one, the offered subprotocol `basic.` and NAME:PASSWORD in base64url. It is never chosen: a page offers
 * it besides the subprotocol that it speaks.
 */
export function offeredCredential(
  authorization: string | undefined,
  subprotocols: readonly string[],
): string | undefined {
  if (authorization !== undefined) return authorization
  const offered = subprotocols.find((name) => name.startsWith(PREFIX))
  if (offered === undefined) return undefined
  return `Basic ${Buffer.from(offered.slice(PREFIX.length), 'base64url').toString('base64')}`
}
