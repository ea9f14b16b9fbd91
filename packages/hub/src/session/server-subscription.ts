import { encodePacket, type Json } from '@wigwag/protocol'
import { assertChannelName } from '../channel/channel-name.ts'
import { HubError } from '../error/hub-error.ts'
import type { ChannelInNamespace } from '../namespace/namespaces.ts'
import type { Position } from '../publication/position.ts'
import { Lifetime } from './lifetime.ts'
import type { Session } from './session.ts'
import type { SessionContext } from './session-context.ts'
import { SessionSubscription } from './session-subscription.ts'
import { resolveGoal } from './subscription-goal.ts'

/** What goes along with a subscription that the server decides on. */
export interface ServerSubscriptionOptions {
  /** What others see of the user in this channel. */
  readonly info?: Json
  /** What the client is told with the push that tells it of the subscription. */
  readonly data?: Json
  /** When it ends, in milliseconds since 1970. Absent: with the session. */
  readonly expiresAt?: number
  /** From behind which position on the client is sent what is still held. Absent: from now on. */
  readonly since?: Position
}

/**
 * Subscribes an open session, whatever the namespace's permission; its client is told with a push. Throws `HubError`
 * `ERR_CHANNEL_NAME` or `ERR_NAMESPACE`.
 */
export function subscribeByServer(
  session: Session,
  context: SessionContext,
  channel: string,
  options: ServerSubscriptionOptions = {},
): void {
  const target = assertServable(channel, context)
  if (session.subscriptions.has(channel)) return
  const { info, data, expiresAt, since } = options
  const request = since === undefined ? {} : { recover: true, ...since }
  const subscription = new SessionSubscription(
    context,
    session,
    target,
    resolveGoal('server', request, target.namespace),
  )
  if (expiresAt !== undefined) subscription.lifetime = new Lifetime(expiresAt, 'client')
  session.subscriptions.add(subscription)
  subscription.begin(session.clientInfo(info), (outcome) => {
    if (!outcome.ok) return
    // Clients take publications of a reply, not those of a push: what was missed follows by itself.
    const { publications = [], ...result } = outcome.result
    session.push(encodePacket({ push: { channel, subscribe: data === undefined ? result : { ...result, data } } }))
    for (const pub of publications) session.push(encodePacket({ push: { channel, pub } }))
    subscription.start()
    context.tell('onSubscribe', () => context.hooks.onSubscribe?.(session, target.parts))
  })
  context.wake(session)
}

/** The namespace of a channel. Throws `HubError` `ERR_CHANNEL_NAME` or `ERR_NAMESPACE` when there cannot be such a channel. */
export function assertServable(
  channel: string,
  { namespaces }: Pick<SessionContext, 'namespaces'>,
): ChannelInNamespace {
  assertChannelName(channel)
  const target = namespaces.resolve(channel)
  if (target !== undefined) return target
  throw new HubError(
    'ERR_NAMESPACE',
    `${JSON.stringify(channel)} is in no namespace of this hub; name it in namespaces.`,
  )
}
