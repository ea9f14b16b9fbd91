/** Why a hub ends a session, and so whether its client comes back. */
export interface Disconnect {
  readonly code: number
  /** For who reads it; at most 123 bytes of UTF-8 as a close reason. */
  readonly reason: string
  /** How long the client is advised to wait before it comes back, in milliseconds. Absent: as long as it likes. */
  readonly delayMs?: number
}

/**
 * Codes with which a hub ends a session; on a WebSocket they are close codes. Numbers and meanings are those of
 * Centrifuge's client protocol.
 */
export const DisconnectCode = {
  // The client comes back.
  connectionClosed: 3000,
  shutdown: 3001,
  internal: 3004,
  expired: 3005,
  subscriptionExpired: 3006,
  slow: 3008,
  writeError: 3009,
  insufficientState: 3010,
  forceReconnect: 3011,
  noPong: 3012,
  tooManyRequests: 3013,
  stateInvalidated: 3014,
  // It does not.
  invalidToken: 3500,
  badRequest: 3501,
  stale: 3502,
  forceDisconnect: 3503,
  connectionLimit: 3504,
  channelLimit: 3505,
  inappropriateProtocol: 3506,
  permissionDenied: 3507,
  notAvailable: 3508,
  tooManyErrors: 3509,
} as const

/** A code of `DisconnectCode`. The application has 4000 to 4999 for its own. */
export type DisconnectCode = (typeof DisconnectCode)[keyof typeof DisconnectCode]

/** Whether a client that is disconnected with `code` comes back: 3500 to 3999 and 4500 to 4999 say that it does not. */
export function reconnectsAfter(code: number): boolean {
  return !((code >= 3500 && code < 4000) || (code >= 4500 && code < 5000))
}
