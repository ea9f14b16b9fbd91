import type { PresenceKeeper } from '../presence/presence-keeper.ts'
import { findChannel } from './find-channel.ts'
import { type Decision, decide } from './permissions.ts'
import { NOT_AVAILABLE } from './refusal-answers.ts'
import type { Session } from './session.ts'
import type { SessionContext } from './session-context.ts'

/** Whether a session may ask who is in a channel, and whom it asks. */
export async function decidePresence(
  session: Session,
  context: SessionContext,
  channel: string,
): Promise<Decision<PresenceKeeper>> {
  const found = findChannel(context, channel)
  if (!found.ok) return found
  const { namespace } = found.value
  if (!namespace.presence || context.presence === undefined) return { ok: false, answer: NOT_AVAILABLE }
  const isSubscribed = session.subscriptions.isLive(channel)
  const decision = await decide(session, found.value, namespace.readPresence, isSubscribed)
  return decision.ok ? { ok: true, value: context.presence } : decision
}
