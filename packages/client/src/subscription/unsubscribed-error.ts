import { ClientError } from '../error/client-error.ts'
import type { SubscriptionReason } from '../reason/subscription-reason.ts'

/** Why a channel is not subscribed, for who waits for it. */
export function unsubscribedError(channel: string, reason: SubscriptionReason): ClientError {
  return new ClientError('ERR_UNSUBSCRIBED', `${channel} is not subscribed: ${reason.text}. subscribe() tries again.`, {
    reason,
  })
}
