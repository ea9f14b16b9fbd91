import { ErrorCode, type Json, type PublishRequest } from '@wigwag/protocol'
import { MAX_IDEMPOTENCY_KEY_LENGTH } from '../../broker/idempotency-keys.ts'
import type { ChannelInNamespace } from '../../namespace/namespaces.ts'
import type { CommandReply } from '../command-reply.ts'
import { findChannel } from '../find-channel.ts'
import type { Decision } from '../permissions.ts'
import { decidePublish, type GrantedPublication } from '../publish-decision.ts'
import { errorAnswer, UNAVAILABLE } from '../refusal-answers.ts'
import type { Session } from '../session.ts'
import type { SessionContext } from '../session-context.ts'

/** Publishes what a client may publish. Its publications are decided on one after the other: that keeps their order. */
export async function publish(
  session: Session,
  context: SessionContext,
  { channel, data, idempotency_key: key }: PublishRequest,
  reply: CommandReply<'publish'>,
): Promise<void> {
  const found = findChannel(context, channel)
  if (!found.ok) return reply.refuse(found.answer)
  const ownKey = key ? keyOfUser(session.user, key) : undefined
  if (ownKey !== undefined && ownKey.length > MAX_IDEMPOTENCY_KEY_LENGTH) return reply.refuse(KEY_TOO_LONG)
  const deciding = decideInTurn(session, context, found.value, data)
  session.publishTurn = deciding.catch(() => {})
  const decision = await deciding
  // Before anything was done: its client may publish again, elsewhere.
  if (session.phase !== 'open') return reply.refuse(UNAVAILABLE)
  if (!decision.ok) return reply.refuse(decision.answer)
  const { data: granted, tags, idempotencyKey = ownKey } = decision.value
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

/** A user's key is nobody else's, so that nobody takes the place of what another, or the server, is about to publish. */
function keyOfUser(user: string, key: string): string {
  return `client:${user.length}:${user}:${key}`
}

const KEY_TOO_LONG = errorAnswer(
  ErrorCode.badRequest,
  `"publish.idempotency_key" is too long: with the user's id it has room for ${MAX_IDEMPOTENCY_KEY_LENGTH - 12} characters.`,
)
