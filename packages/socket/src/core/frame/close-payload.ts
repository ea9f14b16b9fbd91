import type { BytePort } from '../bytes/byte-port.ts'
import { CloseCode, isSendableCloseCode } from '../error/close-code.ts'
import { ProtocolError, UsageError } from '../error/wigwag-error.ts'

/** Why a connection closed: the number and the text of a Close frame (RFC 6455 §7.1.5, §7.1.6). */
export interface CloseInfo {
  /** Close code. 1005 when the Close frame had none, 1006 when there was no Close frame. */
  readonly code: number
  /** Close reason, at most 123 bytes of UTF-8. Empty when there is none. */
  readonly reason: string
}

/** Most bytes of UTF-8 in a close reason: a control frame's 125 less two for the code. */
export const MAX_CLOSE_REASON_BYTES = 123

/** Reads a Close frame's payload (RFC 6455 §5.5.1). Returns the fault instead when it is malformed. */
export function parseClosePayload(payload: Uint8Array, port: BytePort): CloseInfo | ProtocolError {
  if (payload.length === 0) return { code: CloseCode.noStatus, reason: '' }
  if (payload.length === 1) {
    return new ProtocolError(
      'ERR_CLOSE_PAYLOAD',
      'Received a Close frame with one byte of payload: a close code takes two (RFC 6455 §5.5.1).',
      CloseCode.protocolError,
    )
  }
  const code = ((payload[0] as number) << 8) | (payload[1] as number)
  if (!isSendableCloseCode(code)) {
    return new ProtocolError(
      'ERR_CLOSE_CODE',
      `Received close code ${code}, which must not be sent in a Close frame (RFC 6455 §7.4).`,
      CloseCode.protocolError,
      { received: code },
    )
  }
  if (!port.isUtf8(payload, 2, payload.length)) {
    return new ProtocolError(
      'ERR_CLOSE_REASON',
      'Received a close reason that is not UTF-8 (RFC 6455 §5.5.1).',
      CloseCode.invalidPayload,
    )
  }
  return { code, reason: port.decodeText(payload, 2, payload.length, false) }
}

/**
 * Encodes what `parseClosePayload` reads. Code 1005 stands for none and gives an empty payload.
 * Throws `UsageError` `ERR_CLOSE_CODE` for a code that must not be sent, `ERR_CLOSE_REASON` above 123 bytes or for no string.
 */
export function encodeClosePayload(close: CloseInfo, port: BytePort): Uint8Array {
  if (close.code === CloseCode.noStatus && close.reason === '') return new Uint8Array(0)
  if (!isSendableCloseCode(close.code)) {
    throw new UsageError(
      'ERR_CLOSE_CODE',
      `Close code ${close.code} cannot be sent. Use 1000 to 1003, 1007 to 1014, or your own from 3000 to 4999.`,
    )
  }
  if (typeof close.reason !== 'string') {
    throw new UsageError('ERR_CLOSE_REASON', `The close reason must be a string, not ${typeof close.reason}.`)
  }
  const reasonBytes = port.textByteLength(close.reason)
  if (reasonBytes > MAX_CLOSE_REASON_BYTES) {
    throw new UsageError(
      'ERR_CLOSE_REASON',
      `The close reason takes ${reasonBytes} bytes of UTF-8; at most ${MAX_CLOSE_REASON_BYTES} fit. Shorten it.`,
    )
  }
  const payload = new Uint8Array(2 + reasonBytes)
  payload[0] = close.code >>> 8
  payload[1] = close.code
  port.encodeText(close.reason, payload, 2)
  return payload
}

/** Cuts text to what fits a close reason, on a character boundary. */
export function fitCloseReason(text: string, port: BytePort): string {
  let reason = text
  while (port.textByteLength(reason) > MAX_CLOSE_REASON_BYTES) {
    const excess = port.textByteLength(reason) - MAX_CLOSE_REASON_BYTES
    reason = [...reason].slice(0, -Math.ceil(excess / 4)).join('')
  }
  return reason
}
