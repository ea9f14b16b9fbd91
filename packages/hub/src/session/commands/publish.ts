import type { Json, PublishRequest } from '@wigwag/protocol'
import type { ChannelInNamespace } from '../../namespace/namespaces.ts'
import type { CommandReply } from '../command-reply.ts'
import { findChannel } from '../find-channel.ts'
import type { Decision } from '../permissions.ts'
import { decidePublish, type GrantedPublication } from '../publish-decision.ts'
import { UNAVAILABLE } from '../refusal-answers.ts'
import type { Session } from '../session.ts'
import type { SessionContext } from '../session-context.ts'

/** Publishes what a client may publish. Its publications are decided on one after the other: that keeps their order. */
export async function publish(
  session: Session,
  context: SessionContext,
  { channel, data }: PublishRequest,
  reply: CommandReply<'publish'>,
): Promise<void> {
  const found = findChannel(context, channel)
  if (!found.ok) return reply.refuse(found.answer)
  const deciding = decideInTurn(session, context, found.value, data)
  session.publishTurn = deciding.catch(() => {})
  const decision = await deciding
  // Before anything was done: its client may publish again, elsewhere.
  if (session.phase !== 'open') return reply.refuse(UNAVAILABLE)
  if (!decision.ok) return reply.refuse(decision.answer)
  const { data: granted, tags, idempotencyKey } = decision.value
  await context.channels.publish(channel, granted, {
    info: session.clientInfo(),
    ...(tags !== undefined && { tags }),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
  })
  reply.succeed({})
}

async function decideInTurn(
  session: Session,
  context: SessionContext,
  target: ChannelInNamespace,
  data: Json,
): Promise<Decision<GrantedPublication>> {
  await session.publishTurn
  return decidePublish(session, context, target, data)
}
