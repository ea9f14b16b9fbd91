import type { SubRefreshRequest } from '@wigwag/protocol'
import type { CommandReply } from '../command-reply.ts'
import { findChannel } from '../find-channel.ts'
import { decideSubscribe } from '../permissions.ts'
import { isTooOld, NOT_AVAILABLE, PERMISSION_DENIED } from '../refusal-answers.ts'
import { EXPIRED_SUBSCRIPTION } from '../renewal.ts'
import type { Session } from '../session.ts'
import type { SessionContext } from '../session-context.ts'

/** Takes a newer subscription token. */
export async function subRefresh(
  session: Session,
  context: SessionContext,
  { channel, token }: SubRefreshRequest,
  reply: CommandReply<'sub_refresh'>,
): Promise<void> {
  const { authenticator, ports } = context
  const found = findChannel(context, channel)
  if (!found.ok) return reply.refuse(found.answer)
  if (authenticator?.authenticateSubscription === undefined) return reply.refuse(NOT_AVAILABLE)
  const subscription = session.subscriptions.get(channel)
  // It may have ended while the client fetched its token.
  if (subscription?.isLive !== true) return reply.refuse(PERMISSION_DENIED)
  const { data } = subscription.goal.request
  const decision = await decideSubscribe(session, found.value, { token, data }, authenticator, ports.nowMs())
  if (!subscription.isLive) return reply.refuse(PERMISSION_DENIED)
  if (!decision.ok) {
    // A client takes an error for final, even 109; subscribing again it gets a newer token for that.
    if (isTooOld(decision.answer)) subscription.end(EXPIRED_SUBSCRIPTION)
    return reply.refuse(decision.answer)
  }
  subscription.lifetime = decision.value.lifetime
  context.wake(session)
  reply.succeed(subscription.lifetime.describe(ports.nowMs()))
}
