/// <reference lib="esnext.disposable" preserve="true" />
import type {
  ClientInfo,
  ErrorCode,
  Json,
  PublicationPacket,
  Push,
  Requests,
  Results,
  SubscribeRequest,
  SubscribeResult,
} from '@wigwag/protocol'
import type { CallOptions } from '../cancellable.ts'
import type { ChannelCaller, ChannelMethod } from '../command/channel-caller.ts'
import type { Commands, Done } from '../command/commands.ts'
import type { Publish, PublishOptions } from '../command/publish.ts'
import { createTokens, type TokenFailure } from '../connection/tokens.ts'
import { createEmitter, type Emitter } from '../emitter.ts'
import type { Environment } from '../environment/environment.ts'
import { ClientError } from '../error/client-error.ts'
import type { FaultOf } from '../publication/faults-by.ts'
import { type Publication, publicationOf } from '../publication/publication.ts'
import type { MessageHandler } from '../publication/publication-types.ts'
import { ready } from '../ready.ts'
import {
  reasonOfUnsubscribe,
  type SubscriptionReason,
  subscribesAgain,
  subscriptionReason,
} from '../reason/subscription-reason.ts'
import type { Gap } from '../state/gap.ts'
import type { Position } from '../state/position.ts'
import { createStreamPlace } from '../state/stream-place.ts'
import {
  createSubscriptionMachine,
  type SubscriptionEffect,
  type SubscriptionState,
} from '../state/subscription-machine.ts'
import { createAlarm } from '../time/alarm.ts'
import type { ResolvedBackoff } from '../time/backoff.ts'
import type { CoreSubscriptionOptions } from './subscription-options.ts'
import { unsubscribedError } from './unsubscribed-error.ts'

/** What the hub said when it subscribed. */
export interface Subscribed {
  readonly phase: 'subscribed'
  /** Whether something was asked for that had been missed, and whether all of it comes right behind this. */
  readonly wasRecovering: boolean
  readonly recovered: boolean
  /** What the namespace's `subscribe` function answered. */
  readonly data: Json | undefined
}

/** What a subscription tells. */
export interface SubscriptionEvents<Data = Json> {
  /** Each change of its state. */
  state: SubscriptionState
  subscribing: SubscriptionState & { readonly phase: 'subscribing' }
  subscribed: Subscribed
  unsubscribed: SubscriptionState & { readonly phase: 'unsubscribed' }
  publication: Publication<Data>
  gap: Gap
  join: ClientInfo
  leave: ClientInfo
  error: ClientError
}

/** A channel, as this client sees it: what is published to it comes here, in order and each once, or a gap is told. */
export interface CoreSubscription<Data = Json, Input = Json> extends ChannelCaller {
  readonly channel: string
  /** Whether publications come, and why not. */
  readonly state: SubscriptionState
  /** Behind the last publication that came; undefined where there is no history. */
  readonly position: Position | undefined
  /** Subscribes again, after `unsubscribe()` or when the hub said no: from where it was, as far as history goes. */
  subscribe(): void
  /** Ends it. Its position stays, for `subscribe()`. */
  unsubscribe(): void
  /**
   * Resolves when it is subscribed. Rejects with `ERR_UNSUBSCRIBED` when it will not be, with `ERR_DISCONNECTED` when no
   * connection is sought, and as `AbortSignal.timeout` does after `timeoutMs`, by default never.
   */
  ready(options?: CallOptions): Promise<void>
  /** Listens until the function that it returns is called, or the signal is aborted. */
  on<Name extends keyof SubscriptionEvents>(
    name: Name,
    listener: (event: SubscriptionEvents<Data>[Name]) => void,
    options?: { readonly signal?: AbortSignal },
  ): () => void
  /**
   * Publishes. Resolves when the hub has stored it. Rejects with `ERR_REPLY` when it may not, with `ERR_NOT_ACKNOWLEDGED` or
   * `ERR_TIMEOUT` when nobody knows: publish again with the same `idempotencyKey`.
   */
  publish(data: Input, options?: PublishOptions): Promise<void>
  /** Ends it. */
  [Symbol.asyncDispose](): Promise<void>
}

/** What subscriptions need of their client. */
export interface SubscriptionHost {
  /** Those of the client. */
  readonly options: ResolvedBackoff & {
    readonly environment: Environment
    readonly timeoutMs: number
    readonly faultOf?: FaultOf
  }
  readonly commands: Commands
  readonly publish: Publish
  /** Those that are wanted: one for each channel. */
  readonly wanted: Map<string, WantedSubscription>
  /** Whether commands reach a session. */
  isOnline(): boolean
  /** Seeks a connection if there is none, or says why none is sought. */
  seek(): ClientError | undefined
  /** Has `changed` called when the client's state changes, until the function that it returns is called. */
  listen(changed: () => void): () => void
  /** The hub does not answer: the connection is no good. */
  silent(): void
}

/** A push about a channel. */
export type ChannelPush = Extract<Push, { readonly channel: string }>

/** A subscription, as its client sees it. */
export interface WantedSubscription {
  readonly subscription: CoreSubscription<never, never>
  /** Commands reach a session from now on. */
  online(): void
  /** No more. */
  offline(): void
  /** The hub has something to say about the channel. */
  pushed(push: ChannelPush): void
  /** Nothing that is known of the stream, or of the token, holds any more. */
  invalidate(): void
}

// The compiler compares them with the protocol's.
const TOKEN_EXPIRED: typeof ErrorCode.tokenExpired = 109
const INTERNAL: typeof ErrorCode.internal = 100

/** One subscription on its way over connections: does what the machine decides, and tells it what came of it. */
export function createSubscription<Data, Input>(
  channel: string,
  host: SubscriptionHost,
  { on = {}, onGap, token, data, joinLeave, since, signal }: CoreSubscriptionOptions<Data>,
): CoreSubscription<Data, Input> {
  const { commands, wanted, options } = host
  const { environment, timeoutMs } = options
  const { nowMs, random, report } = environment
  const emitter: Emitter<SubscriptionEvents<Data>> = createEmitter(report)
  const handlers = new Map(Object.entries(on)) as ReadonlyMap<string, MessageHandler<Data>>
  if (onGap !== undefined) emitter.on('gap', onGap)

  const tokens = createTokens(token, {
    channel,
    environment,
    commands,
    timeoutMs,
    backoff: options,
    failed: (error) => emitter.emit('error', error),
    isPatient,
  })
  const place = createStreamPlace(since)
  const machine = createSubscriptionMachine(options, random)
  const setAlarm = createAlarm(environment, (now) => apply(machine.tick(now)))
  let told = machine.state
  /** What tokens were last asked for. */
  let attempt = 0

  function apply(effect?: SubscriptionEffect): void {
    const { state } = machine
    if (effect === 'leave') leave()
    if (attempt !== machine.attempt) {
      attempt = machine.attempt
      tokens.stop(state === told ? undefined : state)
    }
    if (effect === 'ask') join()
    else if (effect === 'authorize') authorize()
    setAlarm(machine.nextDeadlineMs())
    if (state === told) return
    told = state
    changed(state)
    if (state.phase !== 'subscribing') commands.release()
  }

  function changed(state: SubscriptionState): void {
    // `subscribed` says more, and is told when that is known.
    const { phase } = state
    if (phase === 'unsubscribed') {
      wanted.delete(channel)
      signal?.removeEventListener('abort', unsubscribe)
    } else signal?.addEventListener('abort', unsubscribe)
    emitter.emit('state', state)
    if (phase !== 'subscribed') emitter.emit(phase, state as never)
  }

  /** Sends a command. A hub that does not answer leaves it open where things stand: a new connection knows. */
  function ask<M extends 'subscribe' | 'unsubscribe'>(method: M, request: Requests[M], done: Done<M>): void {
    commands.ask(method, request, timeoutMs, (answer) => {
      if (answer instanceof ClientError && answer.code === 'ERR_TIMEOUT') host.silent()
      else done(answer)
    })
  }

  function join(): void {
    const own = machine.attempt
    const request: SubscribeRequest = {
      channel,
      ...(data !== undefined && { data }),
      ...(joinLeave && { join_leave: true }),
      ...place.request,
      ...(tokens.token && { token: tokens.token }),
    }
    ask('subscribe', request, (answer) => {
      if (answer instanceof ClientError) apply(machine.refused(own, reasonOf(answer), nowMs()))
      else if (machine.joined(own, nowMs())) joined(own, answer)
    })
  }

  function joined(own: number, answer: SubscribeResult): void {
    // Whoever leaves and comes back meanwhile begins another attempt.
    const isPresent = (): boolean => machine.attempt === own
    const gap = place.join(answer)
    tokens.holds(answer)
    apply()
    if (isPresent()) {
      const { was_recovering, recovered, data: said } = answer
      emitter.emit('subscribed', {
        phase: 'subscribed',
        wasRecovering: was_recovering === true,
        recovered: recovered === true,
        data: said,
      })
      if (gap !== undefined) emitter.emit('gap', gap)
    }
    for (const publication of answer.publications ?? []) if (isPresent()) deliver(publication)
  }

  function leave(): void {
    ask('unsubscribe', { channel }, () => {})
  }

  function authorize(): void {
    const own = machine.attempt
    tokens.ask((failure) => {
      if (failure === undefined) apply(machine.authorized(own))
      else apply(machine.refused(own, reasonOf(failure), nowMs()))
    })
  }

  /** What it means that there is no token, or that the hub refused one or the other. */
  function reasonOf(failure: TokenFailure | ClientError): SubscriptionReason {
    if (!(failure instanceof ClientError)) return subscriptionReason(failure.name, failure)
    const { number: code = 0, message: text, temporary } = failure
    if (code === TOKEN_EXPIRED && tokens.isAsked) return subscriptionReason('tokenExpired', { code, text })
    return subscriptionReason(temporary || code < INTERNAL ? 'refusedForNow' : 'refused', { code, text })
  }

  function isPatient(failure: TokenFailure | ClientError): boolean {
    const reason = reasonOf(failure)
    if (subscribesAgain(reason)) return true
    end(reason)
    leave()
    return false
  }

  function deliver(packet: PublicationPacket): void {
    if (machine.state.phase !== 'subscribed') return
    // Before anybody hears of it: who leaves while it is told has it.
    place.advance(packet.offset)
    const fault = options.faultOf?.(channel, packet)
    if (fault !== undefined) {
      emitter.emit('error', fault)
      return
    }
    const publication = publicationOf<Data>(channel, packet)
    const handler = handlers.get(publication.type ?? '')
    if (handler !== undefined) emitter.call(handler, publication.data, publication)
    emitter.emit('publication', publication)
  }

  function end(reason: SubscriptionReason): void {
    if (reason.name === 'stateInvalidated') invalidate()
    apply(machine.ended(reason, nowMs()))
  }

  function invalidate(): void {
    place.invalidate()
    tokens.invalidate()
  }

  function offline(): void {
    machine.offline()
    apply()
  }

  /** Throws `ClientError` `ERR_OPTION` when the channel has another subscription. */
  function subscribe(): void {
    if (machine.state.phase === 'unsubscribed') {
      if (wanted.has(channel)) {
        throw new ClientError('ERR_OPTION', `There is a subscription to ${channel}: share it, or end it first.`)
      }
      wanted.set(channel, self)
      if (host.isOnline()) machine.online()
      else machine.offline()
    }
    apply(machine.subscribe())
  }

  function unsubscribe(): void {
    apply(machine.unsubscribe())
  }

  const subscription: CoreSubscription<Data, Input> = {
    channel,
    get state() {
      return machine.state
    },
    get position() {
      return place.position
    },
    subscribe,
    unsubscribe,
    ready: (waiting = {}) =>
      ready(
        waiting,
        () => {
          const { state } = machine
          if (state.phase === 'subscribed') return 'ready'
          return state.phase === 'unsubscribed' ? unsubscribedError(channel, state.reason) : host.seek()
        },
        (look) => {
          const offs = [emitter.on('state', look), host.listen(look)]
          return () => {
            for (const off of offs) off()
          }
        },
      ),
    on: emitter.on,
    publish: (input, how) => host.publish(channel, input as Json, how),
    call: <M extends ChannelMethod>(method: M, request: Omit<Requests[M], 'channel'>, how?: CallOptions) =>
      commands.call(method, { ...request, channel } as Requests[M], how) as Promise<Results[M]>,
    async [Symbol.asyncDispose]() {
      unsubscribe()
    },
  }
  const self: WantedSubscription = {
    subscription,
    online: () => apply(machine.online()),
    offline,
    pushed(push) {
      if ('pub' in push) deliver(push.pub)
      else if ('unsubscribe' in push) end(reasonOfUnsubscribe(push.unsubscribe.code, push.unsubscribe.reason))
      else if ('join' in push) emitter.emit('join', push.join.info)
      else if ('leave' in push) emitter.emit('leave', push.leave.info)
    },
    invalidate,
  }
  if (!signal?.aborted) subscribe()
  return subscription
}
