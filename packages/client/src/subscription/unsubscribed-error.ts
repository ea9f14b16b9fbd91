import type { ClientError } from '../error/client-error.ts'
import { overError } from '../error/over-error.ts'
import type { SubscriptionReason } from '../reason/subscription-reason.ts'

/** Why a channel is not subscribed, for who waits for it. */
export function unsubscribedError(channel: string, reason: SubscriptionReason): ClientError {
  return overError('ERR_UNSUBSCRIBED', `${channel} is not subscribed`, reason, 'subscribe() tries again.')
}
