import { DisconnectCode } from '@wigwag/protocol'
import { type Refusal, refuse } from '@wigwag/socket'
import type { StreamFailure } from './stream-format.ts'

const MESSAGE = 'Your credentials have expired. Come back with newer ones.'

/** How a stream says that the credentials have expired with which it was asked for. */
export const EXPIRED_FAILURE: StreamFailure = { code: 'ERR_CREDENTIALS_EXPIRED', message: MESSAGE }

/** How a WebSocket says it: whoever is told so comes back. */
export const EXPIRED_CLOSE: { readonly code: number; readonly reason: string } = {
  code: DisconnectCode.expired,
  reason: 'credentials expired',
}

/** How a request is told that waits for its answer. */
export function refuseExpired(): Refusal {
  return refuse(401, MESSAGE, { 'www-authenticate': 'Bearer' })
}
