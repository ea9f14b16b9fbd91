import { type Disconnect, reconnectsAfter } from './disconnect-code.ts'

/**
 * The reason of a WebSocket's Close frame: the reason itself, or JSON where there is advice beside it. Clients of Centrifuge
 * read `reason` and `reconnect` of such an object, and pass over the rest.
 */
export function encodeCloseReason({ code, reason, delayMs }: Disconnect): string {
  if (delayMs === undefined) return reason
  return JSON.stringify({ reason, reconnect: reconnectsAfter(code), delay_ms: delayMs })
}

/** Why a hub closed a WebSocket: what `encodeCloseReason` wrote, or a reason as it is. */
export function decodeCloseReason(code: number, text: string): Disconnect {
  try {
    const { reason, delay_ms: delayMs } = JSON.parse(text) as { reason?: unknown; delay_ms?: unknown }
    const isDelay = Number.isFinite(delayMs) && (delayMs as number) >= 0
    if (typeof reason === 'string') return { code, reason, ...(isDelay && { delayMs: delayMs as number }) }
  } catch {
    // No JSON, or `null`.
  }
  return { code, reason: text }
}
