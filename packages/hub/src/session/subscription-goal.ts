import { SubscriptionFlag, type SubscriptionRequest } from '@wigwag/protocol'
import type { ResolvedNamespace } from '../namespace/namespace-options.ts'

/** What a subscription is to be: as its client asked, where it did. */
export interface SubscriptionGoal {
  /** Whether the client asked for it, or the server decided. */
  readonly side: 'client' | 'server'
  readonly request: SubscriptionRequest
  /** Whether the client wants what it missed. */
  readonly isRecovering: boolean
  /** Whether it is better not subscribed than without what it missed. */
  readonly mustRecover: boolean
  /** Whether it is to be told who joins and leaves. */
  readonly wantsJoinLeave: boolean
}

/** Whoever is subscribed by the server cannot ask to be told of others, so it is. */
export function resolveGoal(
  side: SubscriptionGoal['side'],
  request: SubscriptionRequest,
  { joinLeave }: ResolvedNamespace,
): SubscriptionGoal {
  return {
    side,
    request,
    isRecovering: request.recover === true,
    mustRecover: side === 'client' && ((request.flag ?? 0) & SubscriptionFlag.rejectUnrecovered) !== 0,
    wantsJoinLeave: joinLeave && (side === 'server' || request.join_leave === true),
  }
}
