import { UnsubscribeCode } from '@wigwag/protocol'
import type { Credentials } from './credentials.ts'
import { ends } from './disconnects.ts'
import { isCredentials } from './is-credentials.ts'
import { Lifetime } from './lifetime.ts'
import { decideStaying } from './permissions.ts'
import type { Session } from './session.ts'
import type { SessionContext } from './session-context.ts'
import type { Unsubscribed } from './session-hooks.ts'
import type { SessionSubscription } from './session-subscription.ts'

const DENIED: Unsubscribed = { code: UnsubscribeCode.server, reason: 'permission denied' }
/** A subscription's time is up. */
export const EXPIRED_SUBSCRIPTION: Unsubscribed = { code: UnsubscribeCode.expired, reason: 'subscription expired' }

/** Asks the application who a session is, whose client cannot be asked. Until there is an answer the grace goes by. */
export function renewCredentials(session: Session, context: SessionContext): void {
  const { client, user, info, meta, transport } = session
  const question = { client, user, transport, ...(info !== undefined && { info }), ...(meta !== undefined && { meta }) }
  const renew = async (): Promise<void> => {
    const answer = await context.authenticator?.refresh?.(question)
    if (session.phase !== 'open' || answer === undefined) return
    if (!isCredentials(answer)) {
      session.disconnect(answer.answer.type === 'disconnect' ? answer.answer.disconnect : ends('expired'))
    } else if (answer.user !== user) session.disconnect(ends('invalidToken'))
    else applyCredentials(session, context, answer, 'hub')
  }
  renew().catch((error: unknown) => context.ports.report('Refreshing a session', error))
}

/** A session has new credentials, of the same user: what it may do is asked again. */
export function applyCredentials(
  session: Session,
  context: SessionContext,
  credentials: Credentials,
  renewedBy: 'client' | 'hub',
): void {
  session.authenticated(credentials, new Lifetime(credentials.expiresAt, renewedBy))
  for (const subscription of session.subscriptions) {
    if (subscription.goal.side === 'client' && subscription.isLive) askAgain(session, context, subscription, DENIED)
  }
}

/** Asks the application whether a subscription goes on whose grant has ended. */
export function renewSubscription(session: Session, context: SessionContext, subscription: SessionSubscription): void {
  askAgain(session, context, subscription, EXPIRED_SUBSCRIPTION)
}

function askAgain(
  session: Session,
  context: SessionContext,
  subscription: SessionSubscription,
  why: Unsubscribed,
): void {
  const ask = async (): Promise<void> => {
    const { target, goal, lifetime } = subscription
    const decision = await decideStaying(session, target, goal.request.data, context.ports.nowMs())
    if (!subscription.isLive) return
    if (!decision.ok) subscription.end(why)
    // What a token gave, only a token takes further.
    else if (decision.value !== undefined && lifetime.renewedBy === 'hub' && subscription.lifetime === lifetime) {
      subscription.lifetime = decision.value.lifetime
    }
    context.wake(session)
  }
  // Who decides cannot be reached, perhaps: the subscription goes on until its grace is over.
  ask().catch((error: unknown) => context.ports.report(`Asking for ${subscription.channel} again`, error))
}
