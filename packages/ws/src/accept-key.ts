import { hash } from 'node:crypto'

/** `Sec-WebSocket-Accept` (RFC 6455 §4.2.2 step 5.4), by Node's SHA-1 rather than the core's portable one. */
export function acceptKey(key: string): string {
  return hash('sha1', `${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`, 'base64')
}
