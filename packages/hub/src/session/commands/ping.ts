import type { CommandReply } from '../command-reply.ts'
import type { Session } from '../session.ts'
import type { SessionContext } from '../session-context.ts'

/** Answers a client that asks whether anybody is there. */
export function ping(
  _session: Session,
  _context: SessionContext,
  _request: Readonly<Record<never, never>>,
  reply: CommandReply<'ping'>,
): void {
  reply.succeed({})
}
