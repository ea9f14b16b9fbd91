import { ClientError } from '../error/client-error.ts'
import { subscribesAgain } from '../reason/subscription-reason.ts'
import type { SubscriptionState } from '../state/subscription-machine.ts'

/** Why a channel is not subscribed, for who waits for it. */
export function unsubscribedError(channel: string, state: SubscriptionState): ClientError {
  const reason = state.phase === 'unsubscribed' && !subscribesAgain(state.reason) ? state.reason : undefined
  const message = `${channel} is not subscribed: ${reason?.text}. subscribe() tries again.`
  return new ClientError('ERR_UNSUBSCRIBED', message, reason && { reason })
}
