import type { ChannelRequest } from '@wigwag/protocol'
import type { CommandReply } from '../command-reply.ts'
import { decidePresence } from '../presence-permission.ts'
import type { Session } from '../session.ts'
import type { SessionContext } from '../session-context.ts'

/** How many are in a channel. */
export async function presenceStats(
  session: Session,
  context: SessionContext,
  { channel }: ChannelRequest,
  reply: CommandReply<'presence_stats'>,
): Promise<void> {
  const decision = await decidePresence(session, context, channel)
  if (!decision.ok) return reply.refuse(decision.answer)
  const { clients, users } = await decision.value.stats(channel)
  reply.succeed({ num_clients: clients, num_users: users })
}
