import { type Disconnect, DisconnectCode } from '@wigwag/protocol'

const REASONS: Readonly<Record<keyof typeof DisconnectCode, string>> = {
  connectionClosed: 'connection closed',
  shutdown: 'shutdown',
  internal: 'internal server error',
  expired: 'connection expired',
  subscriptionExpired: 'subscription expired',
  slow: 'slow',
  writeError: 'write error',
  insufficientState: 'insufficient state',
  forceReconnect: 'force reconnect',
  noPong: 'no pong',
  tooManyRequests: 'too many requests',
  stateInvalidated: 'state invalidated',
  invalidToken: 'invalid token',
  badRequest: 'bad request',
  stale: 'stale',
  forceDisconnect: 'force disconnect',
  connectionLimit: 'connection limit',
  channelLimit: 'channel limit',
  inappropriateProtocol: 'inappropriate protocol',
  permissionDenied: 'permission denied',
  notAvailable: 'not available',
  tooManyErrors: 'too many errors',
}

/** Longest reason that a Close frame carries, in bytes of UTF-8. */
const MAX_REASON = 123

/** How a session ends, with what it is called, and what was wrong where that helps. */
export function ends(name: keyof typeof DisconnectCode, detail?: string): Disconnect {
  const reason = detail === undefined ? REASONS[name] : `${REASONS[name]}: ${detail}`
  return { code: DisconnectCode[name], reason: reason.replace(/[^ -~]/g, '?').slice(0, MAX_REASON) }
}
