import type { SubRefreshRequest } from '@wigwag/protocol'
import type { CommandReply } from '../command-reply.ts'
import { findChannel } from '../find-channel.ts'
import { decideSubscribe } from '../permissions.ts'
import { NOT_AVAILABLE, PERMISSION_DENIED } from '../refusal-answers.ts'
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
  if (!decision.ok) return reply.refuse(decision.answer)
  subscription.lifetime = decision.value.lifetime
  context.wake(session)
  reply.succeed(subscription.lifetime.describe(ports.nowMs()))
}
