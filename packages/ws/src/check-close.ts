import { isSendableCloseCode, MAX_CLOSE_REASON_BYTES } from '@wigwag/socket/core'
import { toBuffer } from './to-bytes.ts'

/**
 * The reason as text. A code is checked although there may be no reason, a reason only when there is a code. Throws `TypeError`
 * or `RangeError`, in the words of `ws`, for what cannot be sent.
 */
export function checkClose(code: number | undefined, reason: string | Uint8Array | undefined): string {
  if (code === undefined) return ''
  if (typeof code !== 'number' || !isSendableCloseCode(code)) {
    throw new TypeError('First argument must be a valid error code number')
  }
  if (reason === undefined || reason === null || reason.length === 0) return ''
  if (Buffer.byteLength(reason) > MAX_CLOSE_REASON_BYTES) {
    throw new RangeError('The message must not be greater than 123 bytes')
  }
  if (typeof reason === 'string') return reason
  if (reason instanceof Uint8Array) return toBuffer(reason).toString()
  throw new TypeError('Second argument must be a string or a Uint8Array')
}
