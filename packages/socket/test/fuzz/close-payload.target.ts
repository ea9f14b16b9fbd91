import { encodeClosePayload, ProtocolError, parseClosePayload, portableBytes } from '@wigwag/socket/core'
import { closePayload } from '@wigwag/socket/testing'
import { must } from '../../../../tools/fuzz/fuzz-target.ts'

/** The payload of a Close frame: RFC 6455 §5.5.1. */
export function fuzz(input: Uint8Array): void {
  const payload = input.subarray(0, 125)
  const close = parseClosePayload(payload, portableBytes)
  if (close instanceof ProtocolError) {
    const codes: Record<string, number> = { ERR_CLOSE_PAYLOAD: 1002, ERR_CLOSE_CODE: 1002, ERR_CLOSE_REASON: 1007 }
    must(codes[close.code] === close.closeCode, () => `${close.code} with ${close.closeCode} is not documented`)
    return
  }
  must(
    payload.length === 0 ? close.code === 1005 : SENDABLE.test(String(close.code)),
    () => `code ${close.code} was let through`,
  )
  must(close.reason === Buffer.from(payload.subarray(2)).toString(), 'the reason is not what was sent')
  must(Buffer.compare(encodeClosePayload(close, portableBytes), payload) === 0, 'it is not encoded as it came')
}

/** §7.4: what may be sent. */
const SENDABLE = /^(100[0-3]|100[7-9]|101[0-4]|[34]\d{3})$/

export const seeds: Record<string, Uint8Array> = {
  nothing: new Uint8Array(0),
  'one byte': Uint8Array.of(3),
  'normal, with a reason': closePayload(1000, 'bye €😀'),
  'a code that is never on the wire': closePayload(1006),
  'an application code': closePayload(4999),
  'a reason cut within a character': closePayload(1001, '€').subarray(0, 4),
}
