import type { ChannelRequest } from '@wigwag/protocol'
import type { CommandReply } from '../command-reply.ts'
import { findChannel } from '../find-channel.ts'
import type { Session } from '../session.ts'
import type { SessionContext } from '../session-context.ts'

/** Ends a subscription, also one that is still being asked for. There need not be one. */
export function unsubscribe(
  session: Session,
  context: SessionContext,
  { channel }: ChannelRequest,
  reply: CommandReply<'unsubscribe'>,
): void {
  const found = findChannel(context, channel)
  if (found.ok) {
    session.subscriptions.get(channel)?.end()
    reply.succeed({})
  } else reply.refuse(found.answer)
}
