import type { ConnectionState } from './connection-state.ts'

/** The word for the state of the connection. */
export function describePhase({ phase }: ConnectionState): string {
  switch (phase) {
    case 'connecting':
      return 'Connecting'
    case 'open':
      return 'Open'
    case 'closing':
      return 'Closing'
    case 'waiting':
      return 'Reconnecting'
    case 'closed':
      return 'Closed'
  }
}

/** The countdown that follows the word, in whole seconds rounded up: it never claims to be done too early. */
export function describeCountdown(reconnectAtMs: number, nowMs: number): string {
  return `in ${Math.max(1, Math.ceil((reconnectAtMs - nowMs) / 1000))} s`
}
