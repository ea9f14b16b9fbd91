import { encodeBase64 } from '../bytes/base64.ts'
import { sha1 } from '../bytes/sha1.ts'

/** What every key is hashed with (RFC 6455 §1.3). */
export const GUID: string = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
/** 16 bytes in base64 (RFC 6455 §4.1): 22 digits and two of padding. */
const KEY = /^[A-Za-z0-9+/]{22}==$/

/** Whether `text` is a proper `Sec-WebSocket-Key`. */
export function isWebSocketKey(text: string): boolean {
  return KEY.test(text)
}

/** The `Sec-WebSocket-Accept` that answers a `Sec-WebSocket-Key` (RFC 6455 §4.2.2 step 5.4). */
export function acceptKey(key: string): string {
  return encodeBase64(sha1(key + GUID))
}
