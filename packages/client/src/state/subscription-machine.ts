import { type SubscriptionReason, subscribesAgain, subscriptionReason } from '../reason/subscription-reason.ts'
import { backoffDelay, type ResolvedBackoff } from '../time/backoff.ts'
import type { TokenSource } from './token-source.ts'

/** Whether publications come, and why not. */
export type SubscriptionState =
  | { readonly phase: 'unsubscribed'; readonly reason: SubscriptionReason }
  | { readonly phase: 'subscribing'; readonly reason: SubscriptionReason }
  | { readonly phase: 'subscribed' }

/** What the driver is to do. */
export type SubscriptionEffect =
  /** Ask for a token, and tell `authorized` or `refused`. */
  | 'authorize'
  /** Send the subscribe command, and tell `joined` or `refused`. */
  | 'ask'
  /** Send the unsubscribe command. */
  | 'leave'

type Step =
  /** Nothing is under way: subscribed, unsubscribed, or without a connection. */
  | { readonly name: 'idle' }
  | { readonly name: 'waiting'; readonly untilMs: number }
  | { readonly name: 'authorizing' }
  | { readonly name: 'asking' }

const IDLE: Step = { name: 'idle' }
/** A subscription that lasted so long was good: the next failure is a first one. */
const STABLE_MS = 5000
const SUBSCRIBED: SubscriptionState = { phase: 'subscribed' }

/**
 * One subscription, over as many connections as it takes. Pure: it is told what happens and when, and returns what to do. Each
 * attempt has a number, and what an earlier one has still to tell is passed over.
 */
export class SubscriptionMachine {
  readonly #backoff: ResolvedBackoff
  readonly #random: () => number
  readonly #hasTokens: boolean
  #needsToken: boolean
  #state: SubscriptionState
  #step: Step = IDLE
  #isOnline = false
  #attempt = 0
  #failures = 0
  #joinedMs = 0

  /** `tokens`: whether there is somebody to ask for them, and whether there is one to begin with. */
  constructor(backoff: ResolvedBackoff, tokens: TokenSource, random: () => number) {
    this.#backoff = backoff
    this.#random = random
    this.#hasTokens = tokens !== 'none'
    this.#needsToken = tokens === 'asked'
    this.#state = { phase: 'unsubscribed', reason: subscriptionReason('unsubscribeCalled') }
  }

  /** The same object until something changes. */
  get state(): SubscriptionState {
    return this.#state
  }

  /** The number of the present attempt, or of the last one. */
  get attempt(): number {
    return this.#attempt
  }

  /** When `tick` wants to be called, in milliseconds; Infinity: not at all. */
  nextDeadlineMs(): number {
    return this.#step.name === 'waiting' ? this.#step.untilMs : Number.POSITIVE_INFINITY
  }

  /** The application wants it. */
  subscribe(): SubscriptionEffect | undefined {
    if (this.#state.phase !== 'unsubscribed') return undefined
    this.#failures = 0
    this.#state = { phase: 'subscribing', reason: subscriptionReason('subscribeCalled') }
    return this.#begin()
  }

  /** The application does not want it any more. */
  unsubscribe(): SubscriptionEffect | undefined {
    const { phase } = this.#state
    const isKnown = this.#isOnline && (phase === 'subscribed' || this.#step.name === 'asking')
    if (phase !== 'unsubscribed') this.#leave(subscriptionReason('unsubscribeCalled'))
    return isKnown ? 'leave' : undefined
  }

  /** There is a session that commands can be sent to. */
  online(): SubscriptionEffect | undefined {
    this.#isOnline = true
    return this.#state.phase === 'subscribing' ? this.#begin() : undefined
  }

  /** There is none any more: with it went its subscriptions. */
  offline(): void {
    if (!this.#isOnline) return
    this.#isOnline = false
    // Connections have a back-off of their own.
    this.#failures = 0
    this.#attempt++
    this.#step = IDLE
    if (this.#state.phase === 'subscribed') this.#setSubscribing(subscriptionReason('connectionLost'))
  }

  /** There is a token. */
  authorized(attempt: number): SubscriptionEffect | undefined {
    if (attempt !== this.#attempt || this.#step.name !== 'authorizing') return undefined
    this.#needsToken = false
    return this.#ask()
  }

  /** The hub has subscribed the session. Returns whether it still matters. */
  joined(attempt: number, nowMs: number): boolean {
    if (attempt !== this.#attempt || this.#step.name !== 'asking') return false
    this.#step = IDLE
    this.#joinedMs = nowMs
    this.#state = SUBSCRIBED
    return true
  }

  /** The attempt came to nothing. */
  refused(attempt: number, reason: SubscriptionReason, nowMs: number): SubscriptionEffect | undefined {
    if (attempt !== this.#attempt || (this.#step.name !== 'asking' && this.#step.name !== 'authorizing'))
      return undefined
    return this.#fail(reason, nowMs)
  }

  /** What was subscribed is not any more: the hub said so, or it could not be renewed. */
  ended(reason: SubscriptionReason, nowMs: number): SubscriptionEffect | undefined {
    if (this.#state.phase !== 'subscribed') return undefined
    if (nowMs - this.#joinedMs >= STABLE_MS) this.#failures = 0
    return this.#fail(reason, nowMs)
  }

  /** The token, if there is one, will not do any more. */
  invalidate(): void {
    this.#needsToken = this.#hasTokens
  }

  /** Time has gone by. */
  tick(nowMs: number): SubscriptionEffect | undefined {
    return nowMs < this.nextDeadlineMs() ? undefined : this.#begin()
  }

  #fail(reason: SubscriptionReason, nowMs: number): SubscriptionEffect | undefined {
    if (!subscribesAgain(reason)) {
      this.#leave(reason)
      return undefined
    }
    if (VOID_TOKENS.has(reason.name)) this.#needsToken = this.#hasTokens
    this.#setSubscribing(reason)
    this.#attempt++
    // The hub that ends a subscription expects it back at once, and another token may help; the second time it is a failure.
    if (AT_ONCE.has(reason.name) && this.#failures++ === 0) return this.#begin()
    this.#step = { name: 'waiting', untilMs: nowMs + backoffDelay(this.#backoff, this.#failures++, this.#random()) }
    return undefined
  }

  #leave(reason: SubscriptionReason): void {
    this.#attempt++
    this.#step = IDLE
    if (reason.name !== 'unsubscribeCalled') this.#needsToken = this.#hasTokens
    this.#state = { phase: 'unsubscribed', reason }
  }

  #setSubscribing(reason: SubscriptionReason): void {
    this.#state = { phase: 'subscribing', reason }
  }

  #begin(): SubscriptionEffect | undefined {
    this.#attempt++
    if (!this.#isOnline) {
      this.#step = IDLE
      return undefined
    }
    if (!this.#needsToken) return this.#ask()
    this.#step = { name: 'authorizing' }
    return 'authorize'
  }

  #ask(): SubscriptionEffect {
    this.#step = { name: 'asking' }
    return 'ask'
  }
}

const VOID_TOKENS: ReadonlySet<string> = new Set(['tokenExpired', 'expired', 'stateInvalidated'])
const AT_ONCE: ReadonlySet<string> = new Set(['tokenExpired', 'expired', 'stateInvalidated', 'insufficientState'])
