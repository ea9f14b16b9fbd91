import { type SubscriptionReason, subscribesAgain, subscriptionReason } from '../reason/subscription-reason.ts'
import { backoffDelay, type ResolvedBackoff } from '../time/backoff.ts'
import { NEVER } from '../time/never.ts'

/** Whether publications come, and why not. */
export type SubscriptionState =
  | { readonly phase: 'unsubscribed'; readonly reason: SubscriptionReason }
  | { readonly phase: 'subscribing'; readonly reason: SubscriptionReason }
  | { readonly phase: 'subscribed' }

/** What the driver is to do. */
export type SubscriptionEffect =
  /** See to it that there is a token, and tell `authorized` or `refused`. */
  | 'authorize'
  /** Send the subscribe command, and tell `joined` or `refused`. */
  | 'ask'
  /** Send the unsubscribe command. */
  | 'leave'

/**
 * One subscription, over as many connections as it takes. Pure: it is told what happens and when, and returns what to do. What an
 * earlier attempt has still to tell, whoever asked it passes over: see `during`.
 */
export interface SubscriptionMachine {
  /** The same object until something changes. */
  readonly state: SubscriptionState
  /** The number of the present attempt, or of the last one. */
  readonly attempt: number
  /** When `tick` wants to be called, in milliseconds; Infinity: not at all. */
  nextDeadlineMs(): number
  /** The application wants it. */
  subscribe(): SubscriptionEffect | undefined
  /** The application does not want it any more. */
  unsubscribe(): SubscriptionEffect | undefined
  /** Whether there is a session that commands can be sent to, from now on. With one went its subscriptions. */
  online(isOnline: boolean): SubscriptionEffect | undefined
  /** There is a token, or none is needed. */
  authorized(): SubscriptionEffect | undefined
  /** The hub has subscribed the session. */
  joined(nowMs: number): void
  /** The attempt came to nothing. */
  refused(reason: SubscriptionReason, nowMs: number): SubscriptionEffect | undefined
  /** What was subscribed is not any more: the hub said so, or it could not be renewed. */
  ended(reason: SubscriptionReason, nowMs: number): SubscriptionEffect | undefined
  /** Time has gone by. */
  tick(nowMs: number): SubscriptionEffect | undefined
}

/** What is going on. Idle: nothing; subscribed, unsubscribed, or without a connection. */
type Step = 'idle' | 'waiting' | 'authorizing' | 'asking'

/** A subscription that lasted so long was good: the next failure is a first one. */
const STABLE_MS = 5000
/** After these the hub expects it back at once, or another token may help; the second time it is a failure. */
const AT_ONCE: readonly string[] = ['tokenExpired', 'expired', 'stateInvalidated', 'insufficientState']

export function createSubscriptionMachine(backoff: ResolvedBackoff, random: () => number): SubscriptionMachine {
  let state: SubscriptionState = { phase: 'unsubscribed', reason: subscriptionReason('unsubscribeCalled') }
  let step: Step = 'idle'
  let waitsUntilMs = 0
  let isOnline = false
  let attempt = 0
  let failures = 0
  let joinedMs = 0

  const nextDeadlineMs = (): number => (step === 'waiting' ? waitsUntilMs : NEVER)

  function set(phase: 'unsubscribed' | 'subscribing', reason: SubscriptionReason): void {
    attempt++
    step = 'idle'
    state = { phase, reason }
  }

  function begin(): SubscriptionEffect | undefined {
    attempt++
    step = isOnline ? 'authorizing' : 'idle'
    return isOnline ? 'authorize' : undefined
  }

  function fail(reason: SubscriptionReason, nowMs: number): SubscriptionEffect | undefined {
    const isOver = !subscribesAgain(reason)
    set(isOver ? 'unsubscribed' : 'subscribing', reason)
    if (isOver) return undefined
    if (AT_ONCE.includes(reason.name) && failures++ === 0) return begin()
    step = 'waiting'
    waitsUntilMs = nowMs + backoffDelay(backoff, failures++, random())
    return undefined
  }

  return {
    get state() {
      return state
    },
    get attempt() {
      return attempt
    },
    nextDeadlineMs,
    subscribe() {
      if (state.phase !== 'unsubscribed') return undefined
      failures = 0
      set('subscribing', subscriptionReason('subscribeCalled'))
      return begin()
    },
    unsubscribe() {
      const isKnown = isOnline && (state.phase === 'subscribed' || step === 'asking')
      if (state.phase !== 'unsubscribed') set('unsubscribed', subscriptionReason('unsubscribeCalled'))
      return isKnown ? 'leave' : undefined
    },
    online(now) {
      const wasOnline = isOnline
      isOnline = now
      if (!now && !wasOnline) return undefined
      // Connections have a back-off of their own.
      if (!now) failures = 0
      if (!now && state.phase === 'subscribed') set('subscribing', subscriptionReason('connectionLost'))
      return state.phase === 'subscribing' ? begin() : undefined
    },
    authorized() {
      if (step !== 'authorizing') return undefined
      step = 'asking'
      return 'ask'
    },
    joined(nowMs) {
      if (step !== 'asking') return
      step = 'idle'
      joinedMs = nowMs
      state = { phase: 'subscribed' }
    },
    refused: (reason, nowMs) => (step === 'asking' || step === 'authorizing' ? fail(reason, nowMs) : undefined),
    ended(reason, nowMs) {
      if (state.phase !== 'subscribed') return undefined
      if (nowMs - joinedMs >= STABLE_MS) failures = 0
      return fail(reason, nowMs)
    },
    tick: (nowMs) => (nowMs < nextDeadlineMs() ? undefined : begin()),
  }
}
