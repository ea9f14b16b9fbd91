import type { Method, Requests } from '@wigwag/protocol'
import type { CommandReply } from '../command-reply.ts'
import type { Session } from '../session.ts'
import type { SessionContext } from '../session-context.ts'

/**
 * Carries a command out for a session that is open, or, for `connect`, about to be. It gives the reply, and finds out
 * behind whatever it awaits whether the session has ended meanwhile. What it throws is answered with error 100.
 */
export type CommandHandler<M extends Method> = (
  session: Session,
  context: SessionContext,
  request: Requests[M],
  reply: CommandReply<M>,
) => void | Promise<void>
