import { assertResponseHeaders, encodeUpgradeRefusal, type UpgradeRefusal, UsageError } from '../core/index.ts'
import type { DriverSocket } from './driver-socket.ts'
import { lingerAtMost } from './linger.ts'

/** What `authorize` returns to refuse an upgrade with a real HTTP answer. Made by `refuse`. */
export class Refusal implements UpgradeRefusal {
  readonly status: number
  readonly message: string
  readonly headers: Readonly<Record<string, string>>

  /** Throws as `refuse` does. */
  constructor(status: number, message: string, headers: Readonly<Record<string, string>>) {
    if (!Number.isInteger(status) || status < 400 || status > 599) {
      throw new UsageError('ERR_ARGUMENT', `An upgrade is refused with a status from 400 to 599, not ${status}.`)
    }
    assertResponseHeaders(headers)
    this.status = status
    this.message = message
    this.headers = headers
  }
}

/**
 * Refuses an upgrade: `return refuse(401, 'Log in first', { 'www-authenticate': 'Bearer' })`.
 * `status` is an HTTP status from 400 to 599; `message` becomes the body, as plain text.
 * Throws `UsageError` `ERR_ARGUMENT` for another status, or for headers that HTTP does not allow.
 */
export function refuse(status: number, message: string, headers: Readonly<Record<string, string>> = {}): Refusal {
  return new Refusal(status, message, headers)
}

/** Writes the answer and closes the connection behind it; a client that keeps its side open is dropped after `lingerMs`. */
export function writeRefusal(socket: DriverSocket, refusal: UpgradeRefusal, lingerMs: number, method?: string): void {
  if (!socket.writable) return
  const body = `${refusal.message}\n`
  // RFC 9110 §9.3.2: an answer to HEAD has no body; it would be taken for the next answer.
  socket.end(encodeUpgradeRefusal(refusal, Buffer.byteLength(body)) + (method === 'HEAD' ? '' : body))
  // What the client still sends would otherwise end in a reset that overtakes the answer.
  socket.resume()
  lingerAtMost(socket, lingerMs)
}
