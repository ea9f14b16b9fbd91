import { ErrorCode, type SubscribeRequest } from '@wigwag/protocol'
import type { CommandReply } from '../command-reply.ts'
import { findChannel } from '../find-channel.ts'
import { decideSubscribe } from '../permissions.ts'
import { errorAnswer, LIMIT_EXCEEDED, NOT_AVAILABLE } from '../refusal-answers.ts'
import type { Session } from '../session.ts'
import type { SessionContext } from '../session-context.ts'
import { ENDED, SessionSubscription } from '../session-subscription.ts'
import { resolveGoal } from '../subscription-goal.ts'

/** Subscribes the session. The reply leaves in the step in which the subscription goes live, before its first publication. */
export async function subscribe(
  session: Session,
  context: SessionContext,
  request: SubscribeRequest,
  reply: CommandReply<'subscribe'>,
): Promise<void> {
  const found = findChannel(context, request.channel)
  if (!found.ok) return reply.refuse(found.answer)
  // Who was given all publications for some of them, or a stream for a map, would take it for what it asked for.
  if ((request.type ?? 0) !== 0 || (request.tf ?? null) !== null) return reply.refuse(NOT_AVAILABLE)
  if (session.subscriptions.has(request.channel)) return reply.refuse(ALREADY)
  if (session.subscriptions.size >= context.options.maxChannels) return reply.refuse(LIMIT_EXCEEDED)
  const target = found.value
  const subscription = new SessionSubscription(
    context,
    session,
    target,
    resolveGoal('client', request, target.namespace),
  )
  // Before anybody is asked, lest it were asked for twice.
  session.subscriptions.add(subscription)
  try {
    const { token, data } = request
    const { authenticator, ports } = context
    const decision = await decideSubscribe(session, target, { token, data }, authenticator, ports.nowMs())
    if (subscription.phase === 'ended') return reply.refuse(ENDED)
    if (!decision.ok) {
      subscription.end()
      return reply.refuse(decision.answer)
    }
    const { info, data: granted, lifetime } = decision.value
    subscription.lifetime = lifetime
    subscription.begin(session.clientInfo(info), (outcome) => {
      if (!outcome.ok) return reply.refuse(outcome.answer)
      reply.succeed(granted === undefined ? outcome.result : { ...outcome.result, data: granted })
      subscription.start()
      context.tell('onSubscribe', () => context.hooks.onSubscribe?.(session, target.parts))
    })
    context.wake(session)
  } catch (error) {
    subscription.end()
    throw error
  }
}

const ALREADY = errorAnswer(ErrorCode.alreadySubscribed, 'already subscribed')
