import type { ChannelRequest } from '@wigwag/protocol'
import type { CommandReply } from '../command-reply.ts'
import { decidePresence } from '../presence-permission.ts'
import type { Session } from '../session.ts'
import type { SessionContext } from '../session-context.ts'

/** Who is in a channel. */
export async function presence(
  session: Session,
  context: SessionContext,
  { channel }: ChannelRequest,
  reply: CommandReply<'presence'>,
): Promise<void> {
  const decision = await decidePresence(session, context, channel)
  if (!decision.ok) return reply.refuse(decision.answer)
  reply.succeed({ presence: Object.fromEntries(await decision.value.presence(channel)) })
}
