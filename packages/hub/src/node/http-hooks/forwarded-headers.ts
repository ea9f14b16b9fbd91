import { HubError } from '../../error/hub-error.ts'
import type { ConnectQuestion } from '../../session/credentials.ts'

/** Longest value that is passed on, in bytes: a connect command may carry an `authorization` as long as itself. */
const MAX_VALUE_BYTES = 16 * 1024

/** What concerns one connection alone (RFC 9110 §7.6.1), and the message that the client sent. */
const OF_ONE_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
  'expect',
  'accept-encoding',
])
/** What the hub says itself, or that begins like it. */
const OF_THE_HUB = /^(content-|sec-websocket-|wigwag-|x-forwarded-|forwarded$)/

/** RFC 9110 §5.6.2. */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/
/** RFC 9110 §5.5: nothing that would begin a line of its own. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/** The name of a header in lower case. Throws `HubError` `ERR_OPTION` for one that is not passed on. */
export function checkForwardable(name: string): string {
  const lower = name.toLowerCase()
  if (TOKEN.test(lower) && !OF_ONE_HOP.has(lower) && !OF_THE_HUB.test(lower)) return lower
  throw new HubError('ERR_OPTION', `Option forwardHeaders cannot have ${JSON.stringify(name)}: it is not passed on.`)
}

/** What of a client's request is passed on, under its own names, and its address. What is no header's value is left out. */
export function forwardedHeaders(names: readonly string[], question: ConnectQuestion): Record<string, string> {
  const { header, remoteAddress } = question
  const forwarded: Record<string, string> = {}
  // Whoever sent the request, or a proxy, may have declared more of them to be of one hop.
  const ofOneHop = (header?.('connection') ?? '')
    .toLowerCase()
    .split(',')
    .map((each) => each.trim())
  for (const name of names) {
    const value = ofOneHop.includes(name) ? undefined : header?.(name)
    if (value !== undefined && value.length <= MAX_VALUE_BYTES && VALUE.test(value)) forwarded[name] = value
  }
  if (remoteAddress) forwarded['x-forwarded-for'] = remoteAddress
  return forwarded
}
