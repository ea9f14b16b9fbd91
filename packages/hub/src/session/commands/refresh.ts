import type { RefreshRequest } from '@wigwag/protocol'
import type { RefusalAnswer } from '../../namespace/refuse.ts'
import type { CommandReply } from '../command-reply.ts'
import { ends } from '../disconnects.ts'
import { isCredentials } from '../is-credentials.ts'
import { isTooOld, NOT_AVAILABLE } from '../refusal-answers.ts'
import { applyCredentials } from '../renewal.ts'
import type { Session } from '../session.ts'
import type { SessionContext } from '../session-context.ts'

/** Takes a newer token, of the same user. */
export async function refresh(
  session: Session,
  context: SessionContext,
  { token }: RefreshRequest,
  reply: CommandReply<'refresh'>,
): Promise<void> {
  const { authenticator, ports } = context
  if (authenticator === undefined) return reply.refuse(NOT_AVAILABLE)
  const { client, transport, remoteAddress, user } = session
  const credentials = await authenticator.authenticate({ client, token, transport, remoteAddress })
  if (session.phase !== 'open') return
  if (!isCredentials(credentials)) return reply.refuse(isTooOld(credentials.answer) ? OVER : credentials.answer)
  if (credentials.user !== user) return reply.refuse({ type: 'disconnect', disconnect: ends('invalidToken') })
  if (credentials.expiresAt !== undefined && credentials.expiresAt <= ports.nowMs()) return reply.refuse(OVER)
  applyCredentials(session, context, credentials, 'client')
  reply.succeed({ client: session.client, version: 'wigwag', ...session.lifetime.describe(ports.nowMs()) })
}

/** A client takes an error for final, even 109; told that its session is over it comes back, and gets a newer token for that. */
const OVER: RefusalAnswer = { type: 'disconnect', disconnect: ends('expired') }
