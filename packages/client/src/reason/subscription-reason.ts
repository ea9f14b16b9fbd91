import { resubscribesAfter, type UnsubscribeCode } from '@wigwag/protocol'

/** Why a subscription is not, or not yet, subscribed, by name. */
export type SubscriptionReasonName =
  // It subscribes, by itself.
  | 'subscribeCalled'
  | 'connectionLost'
  | 'insufficientState'
  | 'expired'
  | 'stateInvalidated'
  | 'refusedForNow'
  | 'tokenExpired'
  | 'tokenFailed'
  // It does not, until `subscribe()` is called.
  | 'unsubscribeCalled'
  | 'unauthorized'
  | 'refused'
  | 'server'

/** Why a subscription is not, or not yet, subscribed. */
export interface SubscriptionReason {
  readonly name: SubscriptionReasonName
  /** The unsubscribe code, or that of the hub's error, where there was one. */
  readonly code?: number
  /** What the hub said, or what happened; for who reads it. */
  readonly text: string
  /** What was thrown, where something was. */
  readonly cause?: unknown
}

/** A reason by its name. */
export function subscriptionReason(
  name: SubscriptionReasonName,
  details: Partial<Omit<SubscriptionReason, 'name'>> = {},
): SubscriptionReason {
  return { text: name, ...details, name }
}

// The compiler compares them with the protocol's.
const EXPIRED: typeof UnsubscribeCode.expired = 2501
const STATE_INVALIDATED: typeof UnsubscribeCode.stateInvalidated = 2502

/** Why the hub ended a subscription, by its code. */
export function reasonOfUnsubscribe(code: number, text: string): SubscriptionReason {
  let name: SubscriptionReasonName = resubscribesAfter(code) ? 'insufficientState' : 'server'
  if (code === EXPIRED) name = 'expired'
  if (code === STATE_INVALIDATED) name = 'stateInvalidated'
  return subscriptionReason(name, { code, text: text || `code ${code}` })
}

/** Whether the client subscribes again by itself. */
export function subscribesAgain({ name }: SubscriptionReason): boolean {
  return !['unsubscribeCalled', 'unauthorized', 'refused', 'server'].includes(name)
}
