import { HeaderFields, parseSubprotocols } from '@wigwag/socket/core'

/** `Sec-WebSocket-Protocol` read as a set. */
export const subprotocol: {
  /** Throws `SyntaxError` for a header that is malformed or names a subprotocol twice. */
  parse(header: string): Set<string>
} = {
  parse(header) {
    const parsed = parseSubprotocols(new HeaderFields(['sec-websocket-protocol', header]))
    if ('fault' in parsed) throw new SyntaxError(parsed.fault)
    return new Set(parsed.offered)
  },
}
