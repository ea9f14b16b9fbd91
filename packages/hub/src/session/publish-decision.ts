import type { Json } from '@wigwag/protocol'
import { ContractError } from '../contract/contract-error.ts'
import { isForUser } from '../namespace/channel-parts.ts'
import { type ChannelInNamespace, checkPublication } from '../namespace/namespaces.ts'
import type { PublishGrant } from '../namespace/permission.ts'
import { ApplicationRefusal } from '../namespace/refuse.ts'
import type { PublicationData } from '../publication/publication.ts'
import { type Decision, decide } from './permissions.ts'
import { PERMISSION_DENIED } from './refusal-answers.ts'
import type { Session } from './session.ts'
import type { SessionContext } from './session-context.ts'

/** What is published: it has passed the namespace's schema. */
export type GrantedPublication = Omit<PublishGrant, 'data'> & { readonly data: PublicationData }

/**
 * Whether a session may publish, and what. Rejects with `ContractError` when what its client sent does not fit the
 * namespace's schema, or with what a function of the application throws.
 */
export async function decidePublish(
  session: Session,
  context: SessionContext,
  target: ChannelInNamespace,
  sent: Json,
): Promise<Decision<GrantedPublication>> {
  const { publish: permission } = target.namespace
  const isSubscribed = session.subscriptions.isLive(target.parts.name)
  let data: PublicationData = sent
  let details: Omit<PublishGrant, 'data'> = {}
  if (typeof permission === 'function') {
    if (!isForUser(target.parts.name, session.user)) return { ok: false, answer: PERMISSION_DENIED }
    // Before the application is asked: it is given what it can rely on.
    data = await checkPublication(target, sent)
    const decision = await decide(session, target, permission, isSubscribed, data as Json)
    if (!decision.ok) return decision
    const { data: replacement, ...others } = decision.value ?? {}
    details = others
    if (replacement !== undefined) data = await checkReplacement(target, replacement)
  } else {
    const decision = await decide(session, target, permission, isSubscribed)
    if (!decision.ok) return decision
    // Who may not publish does not hear what is wrong with it.
    data = await checkPublication(target, sent)
  }
  const verdict = await context.hooks.onPublish?.({ channel: target.parts, data: data as Json, session })
  if (verdict instanceof ApplicationRefusal) return { ok: false, answer: verdict.answer }
  if (verdict !== undefined) data = await checkReplacement(target, verdict.data)
  return { ok: true, value: { ...details, data } }
}

/** What the application publishes instead is its own, and so are its faults. */
async function checkReplacement(target: ChannelInNamespace, data: Json): Promise<PublicationData> {
  try {
    return await checkPublication(target, data)
  } catch (error) {
    if (!(error instanceof ContractError)) throw error
    throw new Error(`What was to be published instead does not fit: ${error.message}`, { cause: error })
  }
}
