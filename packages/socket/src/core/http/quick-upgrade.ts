import { HeaderFields, isToken, trimWhitespace } from './header-fields.ts'
import type { RequestHead } from './http-head.ts'

/** A head that was read, and the lines that it was made of. */
export interface QuickUpgrade extends RequestHead {
  /** Names and values in turn, as they were sent. */
  readonly rawHeaders: readonly string[]
  /** How many bytes it took. */
  readonly headBytes: number
}

/** Lines that no client sends with an upgrade, and whose meaning is for a whole HTTP server to decide. */
const FRAMING = ['content-length', 'transfer-encoding', 'expect', 'trailer', 'te']
/** More lines than clients send. */
const MAX_LINES = 100

const REQUEST_LINE = /^GET (\/[!-~]*) HTTP\/1\.1$/
/** What a value may have, without the bytes above 0x7e that RFC 9110 §5.5 calls obsolete. */
const VALUE = /^[\t -~]*$/

/**
 * Reads the head of an upgrade to WebSocket as clients send it, from the first bytes of a connection, one character per
 * byte. It is strict, so that it never sees another request than an HTTP server would: for all that is cut, malformed,
 * obsolete or merely unusual it returns `undefined`, and leaves the bytes to somebody who knows all of HTTP.
 */
export function readQuickUpgrade(text: string): QuickUpgrade | undefined {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const firstEnd = text.indexOf('\r\n')
  const target = REQUEST_LINE.exec(text.slice(0, firstEnd))?.[1]
  if (target === undefined) return undefined
  const rawHeaders: string[] = []
  for (let at = firstEnd + 2; at < headEnd; ) {
    const lineEnd = text.indexOf('\r\n', at)
    const colon = text.indexOf(':', at)
    if (colon < 0 || colon > lineEnd || rawHeaders.length === 2 * MAX_LINES) return undefined
    const name = text.slice(at, colon)
    const value = trimWhitespace(text.slice(colon + 1, lineEnd))
    if (!isToken(name) || !VALUE.test(value)) return undefined
    rawHeaders.push(name, value)
    at = lineEnd + 2
  }
  const headers = new HeaderFields(rawHeaders)
  if (!isUpgrade(headers)) return undefined
  return { method: 'GET', target, httpVersion: '1.1', headers, rawHeaders, headBytes: headEnd + 4 }
}

function isUpgrade(headers: HeaderFields): boolean {
  return (
    headers.count('host') === 1 &&
    headers.lists('upgrade', 'websocket') &&
    headers.lists('connection', 'upgrade') &&
    headers.count('sec-websocket-key') === 1 &&
    !FRAMING.some((name) => headers.has(name))
  )
}
