import type { ConnectQuestion, Credentials } from './credentials.ts'
import { findChannel } from './find-channel.ts'
import { isCredentials } from './is-credentials.ts'
import { type Asker, type Decision, decide, decideSubscribe } from './permissions.ts'
import { EXPIRED, PERMISSION_DENIED } from './refusal-answers.ts'
import type { SessionContext } from './session-context.ts'

/** What a request that is no session wants to do. */
export interface RequestIntent {
  readonly action: 'publish' | 'subscribe'
  readonly channel: string
  /** A subscription token, where it brings one. */
  readonly token?: string
}

/** Who sent a request that is no session: as `connect` finds it out. */
export async function authenticateRequest(
  { authenticator, ports }: SessionContext,
  question: ConnectQuestion,
): Promise<Decision<Credentials>> {
  if (authenticator === undefined) return { ok: true, value: { user: '' } }
  const value = await authenticator.authenticate(question)
  if (!isCredentials(value)) return { ok: false, answer: value.answer }
  const { expiresAt = Number.POSITIVE_INFINITY } = value
  return expiresAt <= ports.nowMs() ? { ok: false, answer: EXPIRED } : { ok: true, value }
}

/** Whether they may, and until when: the namespace's permissions are those of sessions. */
export async function decideRequest(
  context: SessionContext,
  { user, info, meta, expiresAt = Number.POSITIVE_INFINITY }: Credentials,
  { action, channel, token }: RequestIntent,
): Promise<Decision<{ readonly expiresAt: number }>> {
  const found = findChannel(context, channel)
  if (!found.ok) return found
  const asker: Asker = { client: '', user, info, meta, transport: 'http' }
  const { authenticator, ports } = context
  const attempt = { token, data: undefined }
  if (action === 'subscribe') {
    const decision = await decideSubscribe(asker, found.value, attempt, authenticator, ports.nowMs())
    if (!decision.ok) return decision
    // What ends first ends it: nobody can renew either without asking anew.
    const grantedUntil = decision.value.lifetime.expiresAt ?? Number.POSITIVE_INFINITY
    return { ok: true, value: { expiresAt: Math.min(expiresAt, grantedUntil) } }
  }
  const decision = await decide(asker, found.value, found.value.namespace.publish, false)
  if (!decision.ok) return decision
  // It is asked before the body is read: nothing else can be published instead.
  return decision.value === undefined ? { ok: true, value: { expiresAt } } : { ok: false, answer: PERMISSION_DENIED }
}
