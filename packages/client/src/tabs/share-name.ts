import type { CommandPacket } from '@wigwag/protocol'

/**
 * Under which name tabs share a connection: where the hub is, and who they are. No token is in it. Undefined: that can be said by a
 * secret alone, and this page has no digests (it is no secure context).
 */
export async function shareName(url: URL, greeting: string, as: string | undefined): Promise<string | undefined> {
  const { connect = {} } = JSON.parse(greeting.split('\n', 1)[0] as string) as Partial<
    Extract<CommandPacket, { readonly connect: unknown }>
  >
  const { token } = connect
  const who = whoIs(token, as)
  // A query may have a ticket.
  const secret = JSON.stringify([url.search, who === undefined ? token : ''])
  const name = `${url.protocol}//${url.host}${url.pathname} ${who ?? 'token'}`
  if (who !== undefined && url.search === '') return name
  const digest = await digestOf(secret)
  return digest && `${name} ${digest}`
}

function whoIs(token: string | undefined, as: string | undefined): string | undefined {
  if (as !== undefined) return JSON.stringify(['as', as])
  if (!token) return 'nobody'
  const { sub, iss } = claimsOf(token)
  return typeof sub === 'string' && sub !== '' ? JSON.stringify(['sub', sub, iss]) : undefined
}

/** What a JWT says. It is not checked here: the hub does. */
function claimsOf(token: string): { readonly sub?: unknown; readonly iss?: unknown } {
  const [, payload, signature] = token.split('.')
  if (payload === undefined || signature === undefined) return {}
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (each) => each.charCodeAt(0))
    return (JSON.parse(new TextDecoder().decode(bytes)) ?? {}) as { readonly sub?: unknown }
  } catch {
    return {}
  }
}

async function digestOf(text: string): Promise<string | undefined> {
  const { subtle } = globalThis.crypto as Partial<Crypto>
  const digest = await subtle?.digest('SHA-256', new TextEncoder().encode(text))
  return digest && Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
