import { encodePacket } from '@wigwag/protocol'
import { assertChannelName } from '../channel/channel-name.ts'
import { HubError } from '../error/hub-error.ts'
import type { Session } from './session.ts'
import type { SessionContext } from './session-context.ts'
import { SessionSubscription } from './session-subscription.ts'
import { resolveGoal } from './subscription-goal.ts'

/**
 * Subscribes an open session, whatever the namespace's permission; its client is told with a push. Throws `HubError`
 * `ERR_CHANNEL_NAME` or `ERR_NAMESPACE`.
 */
export function subscribeByServer(session: Session, context: SessionContext, channel: string): void {
  assertChannelName(channel)
  const target = context.namespaces.resolve(channel)
  if (target === undefined) {
    throw new HubError(
      'ERR_NAMESPACE',
      `${JSON.stringify(channel)} is in no namespace of this hub; name it in namespaces.`,
    )
  }
  if (session.subscriptions.has(channel)) return
  const subscription = new SessionSubscription(context, session, target, resolveGoal('server', {}, target.namespace))
  session.subscriptions.add(subscription)
  subscription.begin(session.clientInfo(), (outcome) => {
    if (!outcome.ok) return
    session.push(encodePacket({ push: { channel, subscribe: outcome.result } }))
    subscription.start()
    context.tell('onSubscribe', () => context.hooks.onSubscribe?.(session, target.parts))
  })
  context.wake(session)
}
