import { type Disconnect, encodePacket, reconnectsAfter } from '@wigwag/protocol'

/** Why a session ends, as the last push: for what carries sessions without a Close frame. */
export function encodeDisconnect({ code, reason, delayMs }: Disconnect): string {
  const reconnect = reconnectsAfter(code)
  return encodePacket({
    push: { disconnect: { code, reason, reconnect, ...(delayMs !== undefined && { delay_ms: delayMs }) } },
  })
}
