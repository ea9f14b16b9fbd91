import type { SendRequest } from '@wigwag/protocol'
import type { CommandReply } from '../command-reply.ts'
import type { Session } from '../session.ts'
import type { SessionContext } from '../session-context.ts'

/** A message that is for no channel, and has no reply. */
export function send(
  session: Session,
  { hooks, tell }: SessionContext,
  { data }: SendRequest,
  reply: CommandReply<'send'>,
): void {
  tell('onMessage', () => hooks.onMessage?.(data, session))
  reply.succeed({})
}
