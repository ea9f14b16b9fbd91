import type {
  ClientInfo,
  Json,
  PublicationPacket,
  Push,
  SubscribeRequest,
  SubscribeResult,
  SubscriptionRequest,
} from '@wigwag/protocol'
import type { ErrorCode } from '@wigwag/protocol'
import type { Answer, CommandTable } from '../command/command-table.ts'
import type { CreateTokens, TokenFailure, Tokens } from '../connection/tokens.ts'
import type { Environment } from '../environment/environment.ts'
import { ClientError } from '../error/client-error.ts'
import {
  reasonOfUnsubscribe,
  type SubscriptionReason,
  subscribesAgain,
  subscriptionReason,
} from '../reason/subscription-reason.ts'
import type { Gap } from '../state/gap.ts'
import type { Position } from '../state/position.ts'
import { StreamPlace } from '../state/stream-place.ts'
import { type SubscriptionEffect, SubscriptionMachine, type SubscriptionState } from '../state/subscription-machine.ts'
import type { ResolvedBackoff } from '../time/backoff.ts'

/** What subscriptions need of their client. */
export interface SubscriptionHost {
  readonly commands: CommandTable
  readonly environment: Environment
  readonly backoff: ResolvedBackoff
  readonly timeoutMs: number
  /** It is wanted. Throws `ClientError` `ERR_OPTION` when the channel has another. */
  enter(core: SubscriptionCore): void
  /** It is not wanted any more. */
  leave(core: SubscriptionCore): void
  /** It is subscribed, or will not be: what was to wait for that need not any more. */
  settled(): void
  /** Something is due at that time. */
  due(atMs: number): void
  /** The hub does not answer: the connection is no good. */
  silent(): void
}

/** Who hears what becomes of a subscription. */
export interface SubscriptionSink {
  changed(state: SubscriptionState): void
  /** What the hub said when it was subscribed, behind the change of state and before the first publication. */
  joined(result: SubscribeResult, gap: Gap | undefined): void
  delivered(publication: PublicationPacket): void
  /** Somebody came or went. */
  moved(kind: 'join' | 'leave', info: ClientInfo): void
  /** No connection is sought any more. */
  abandoned(error: ClientError): void
  failed(error: ClientError): void
}

/** A push about a channel. */
export type ChannelPush = Extract<Push, { readonly channel: string }>

/** What is asked of the hub. */
export interface SubscriptionWish {
  readonly data?: Json
  readonly joinLeave?: boolean
  readonly since?: Position
}

// The compiler compares it with the protocol's.
const TOKEN_EXPIRED: typeof ErrorCode.tokenExpired = 109
const INTERNAL: typeof ErrorCode.internal = 100

/** One subscription on its way over connections: does what the machine decides, and tells it what came of it. */
export class SubscriptionCore {
  readonly channel: string
  readonly #host: SubscriptionHost
  readonly #sink: SubscriptionSink
  readonly #tokens: Tokens
  readonly #request: SubscriptionRequest
  readonly #machine: SubscriptionMachine
  readonly #place: StreamPlace
  #state: SubscriptionState
  /** What tokens were last asked for. */
  #attempt = 0

  constructor(
    channel: string,
    host: SubscriptionHost,
    createTokens: CreateTokens,
    wish: SubscriptionWish,
    sink: SubscriptionSink,
  ) {
    const { data, joinLeave, since } = wish
    const { nowMs, random } = host.environment
    this.channel = channel
    this.#host = host
    this.#sink = sink
    this.#tokens = createTokens({
      channel,
      backoff: host.backoff,
      nowMs,
      random,
      due: host.due,
      failed: sink.failed,
      renew: (token, done) => {
        const { attempt } = this.#machine
        host.commands.ask('sub_refresh', { channel, token }, this.#deadlineMs(), (answer) => {
          if (this.#isAt(attempt)) done(answer)
        })
      },
      isPatient: (failure) => this.#isPatient(failure),
    })
    this.#request = { ...(data !== undefined && { data }), ...(joinLeave && { join_leave: true }) }
    this.#machine = new SubscriptionMachine(host.backoff, this.#tokens.source, random)
    this.#place = new StreamPlace(since)
    this.#state = this.#machine.state
  }

  get state(): SubscriptionState {
    return this.#machine.state
  }

  get position(): Position | undefined {
    return this.#place.position
  }

  /** Throws `ClientError` `ERR_OPTION` when the channel has another subscription. */
  subscribe(): void {
    if (this.state.phase === 'unsubscribed') this.#host.enter(this)
    this.#apply(this.#machine.subscribe())
  }

  unsubscribe(): void {
    this.#apply(this.#machine.unsubscribe())
  }

  /** Commands reach a session from now on. */
  online(): void {
    this.#apply(this.#machine.online())
  }

  /** No more. */
  offline(): void {
    this.#machine.offline()
    this.#apply(undefined)
  }

  /** The hub has something to say about the channel. */
  pushed(push: ChannelPush): void {
    if ('pub' in push) this.#deliver(push.pub)
    else if ('unsubscribe' in push) this.#end(reasonOfUnsubscribe(push.unsubscribe.code, push.unsubscribe.reason))
    else if ('join' in push) this.#sink.moved('join', push.join.info)
    else if ('leave' in push) this.#sink.moved('leave', push.leave.info)
  }

  /** Nothing that is known of the stream, or of the token, holds any more. */
  invalidate(): void {
    this.#place.invalidate()
    this.#machine.invalidate()
  }

  /** No connection is sought any more. */
  abandoned(error: ClientError): void {
    this.#sink.abandoned(error)
  }

  nextDeadlineMs(): number {
    return Math.min(this.#machine.nextDeadlineMs(), this.#tokens.nextDeadlineMs())
  }

  tick(nowMs: number): void {
    this.#apply(this.#machine.tick(nowMs))
    this.#tokens.tick(nowMs)
  }

  #nowMs(): number {
    return this.#host.environment.nowMs()
  }

  #apply(effect: SubscriptionEffect | undefined): void {
    const { state, attempt } = this.#machine
    if (effect === 'leave') this.#leave()
    if (attempt !== this.#attempt) {
      this.#attempt = attempt
      this.#tokens.stop()
    }
    if (effect === 'ask') this.#ask()
    else if (effect === 'authorize') this.#authorize()
    this.#host.due(this.nextDeadlineMs())
    if (state === this.#state) return
    this.#state = state
    if (state.phase === 'unsubscribed') this.#host.leave(this)
    this.#sink.changed(state)
    if (state.phase !== 'subscribing') this.#host.settled()
  }

  #deadlineMs(): number {
    return this.#nowMs() + this.#host.timeoutMs
  }

  #ask(): void {
    const { attempt } = this.#machine
    const { token } = this.#tokens
    const request: SubscribeRequest = {
      channel: this.channel,
      ...this.#request,
      ...this.#place.request,
      ...(token && { token }),
    }
    this.#host.commands.ask('subscribe', request, this.#deadlineMs(), (answer) => this.#answered(attempt, answer))
  }

  #answered(attempt: number, answer: Answer<'subscribe'>): void {
    if (!(answer instanceof ClientError)) this.#joined(attempt, answer)
    // Whether it is subscribed is not known now: a new connection knows.
    else if (answer.code !== 'ERR_TIMEOUT') {
      this.#apply(this.#machine.refused(attempt, this.#refusal(answer), this.#nowMs()))
    } else if (attempt === this.#machine.attempt) this.#host.silent()
  }

  #joined(attempt: number, answer: SubscribeResult): void {
    const nowMs = this.#nowMs()
    if (!this.#machine.joined(attempt, nowMs)) return
    const gap = this.#place.join(answer)
    this.#tokens.holds(answer)
    this.#apply(undefined)
    if (this.#isAt(attempt)) this.#sink.joined(answer, gap)
    for (const publication of answer.publications ?? []) if (this.#isAt(attempt)) this.#deliver(publication)
  }

  /** Whether nothing has come between: whoever leaves and comes back begins another attempt. */
  #isAt(attempt: number): boolean {
    return this.#machine.attempt === attempt && this.#machine.state.phase === 'subscribed'
  }

  #refusal({ number: code = 0, message: text, temporary }: ClientError): SubscriptionReason {
    const details = { code, text }
    if (code === TOKEN_EXPIRED && this.#tokens.source !== 'none') {
      return subscriptionReason('tokenExpired', details)
    }
    return subscriptionReason(temporary || code < INTERNAL ? 'refusedForNow' : 'refused', details)
  }

  #leave(): void {
    this.#host.commands.ask('unsubscribe', { channel: this.channel }, this.#deadlineMs(), (answer) => {
      if (answer instanceof ClientError && answer.code === 'ERR_TIMEOUT') this.#host.silent()
    })
  }

  #authorize(): void {
    const { attempt } = this.#machine
    this.#tokens.ask((failure) => {
      if (failure === undefined) return this.#apply(this.#machine.authorized(attempt))
      this.#apply(this.#machine.refused(attempt, subscriptionReason(failure.name, failure), this.#nowMs()))
    })
  }

  #isPatient(failure: TokenFailure | ClientError): boolean {
    const reason = failure instanceof ClientError ? this.#refusal(failure) : subscriptionReason(failure.name, failure)
    if (subscribesAgain(reason)) return true
    this.#end(reason)
    this.#leave()
    return false
  }

  #deliver(publication: PublicationPacket): void {
    if (this.#machine.state.phase !== 'subscribed') return
    // Before anybody hears of it: who leaves while it is told has it.
    this.#place.advance(publication.offset)
    this.#sink.delivered(publication)
  }

  #end(reason: SubscriptionReason): void {
    if (reason.name === 'stateInvalidated') this.invalidate()
    this.#apply(this.#machine.ended(reason, this.#nowMs()))
  }
}
