/// <reference lib="esnext.disposable" preserve="true" />
import type {
  ClientInfo,
  Json,
  PublicationPacket,
  Requests,
  Results,
  SubscribeRequest,
  SubscribeResult,
} from '@wigwag/protocol'
import type { CallOptions } from '../cancellable.ts'
import type { ChannelCaller, ChannelMethod } from '../command/channel-caller.ts'
import type { Commands } from '../command/commands.ts'
import type { Publish, PublishOptions } from '../command/publish.ts'
import type { ChannelListener } from '../connection/connection.ts'
import { createTokens } from '../connection/tokens.ts'
import { createEmitter, type Emitter } from '../emitter.ts'
import type { Environment } from '../environment/environment.ts'
import { ClientError } from '../error/client-error.ts'
import type { FaultOf } from '../publication/faults-by.ts'
import { type Publication, publicationOf } from '../publication/publication.ts'
import type { MessageHandler } from '../publication/publication-types.ts'
import { ready } from '../ready.ts'
import { type Refusal, refusalOf } from '../reason/refusal.ts'
import { reasonOfUnsubscribe, type SubscriptionReason, subscriptionReason } from '../reason/subscription-reason.ts'
import { drive } from '../state/drive.ts'
import { during } from '../state/during.ts'
import type { Gap } from '../state/gap.ts'
import type { Position } from '../state/position.ts'
import { createStreamPlace } from '../state/stream-place.ts'
import {
  createSubscriptionMachine,
  type SubscriptionEffect,
  type SubscriptionState,
} from '../state/subscription-machine.ts'
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
  readonly options: Environment & ResolvedBackoff & { readonly faultOf?: FaultOf }
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
}

/** What it may say: one of these. */
interface ChannelNews {
  readonly pub?: PublicationPacket
  readonly unsubscribe?: { readonly code: number; readonly reason: string }
  readonly join?: { readonly info: ClientInfo }
  readonly leave?: { readonly info: ClientInfo }
}

/** A subscription, as its client sees it. */
export interface WantedSubscription extends ChannelListener {
  readonly subscription: CoreSubscription<never, never>
}

/** One subscription on its way over connections: does what the machine decides, and tells it what came of it. */
export function createSubscription<Data, Input>(
  channel: string,
  host: SubscriptionHost,
  { on = {}, onGap, token, data, joinLeave, since, signal }: CoreSubscriptionOptions<Data>,
): CoreSubscription<Data, Input> {
  const { commands, wanted, options } = host
  const { nowMs, random, report } = options
  const emitter: Emitter<SubscriptionEvents<Data>> = createEmitter(report)
  const handlers = new Map(Object.entries(on)) as ReadonlyMap<string, MessageHandler<Data>>
  if (onGap !== undefined) emitter.on('gap', onGap)

  const tokens = createTokens(token, {
    channel,
    options,
    commands,
    emit: emitter.emit,
    over(refusal) {
      end(subscriptionReason(refusal.name, refusal))
      leave()
    },
  })
  const place = createStreamPlace(since)
  const machine = createSubscriptionMachine(options, random)
  const apply = drive(machine, options, (effect: SubscriptionEffect | undefined, changed) => {
    if (changed && changed.phase !== 'subscribed') tokens.stop(changed)
    if (effect === 'leave') leave()
    else if (effect === 'ask') join()
    else if (effect === 'authorize') authorize()
    if (changed) tell(changed)
  })

  function tell(state: SubscriptionState): void {
    // `subscribed` says more, and is told when that is known.
    const { phase } = state
    if (phase === 'unsubscribed') {
      wanted.delete(channel)
      signal?.removeEventListener('abort', unsubscribe)
    } else signal?.addEventListener('abort', unsubscribe)
    emitter.emit('state', state)
    if (phase !== 'subscribed') emitter.emit(phase, state as never)
    commands.release()
  }

  function join(): void {
    const request = {
      channel,
      data,
      join_leave: joinLeave || undefined,
      ...place.request,
      token: tokens.token || undefined,
    }
    // JSON has nothing of what is undefined.
    commands.ask(
      'subscribe',
      request as SubscribeRequest,
      during(machine, (answer) => {
        if (answer instanceof ClientError) refused(refusalOf(answer, tokens.isAsked))
        else joined(answer)
      }),
    )
  }

  function joined(answer: SubscribeResult): void {
    const { attempt: own } = machine
    // Whoever leaves and comes back meanwhile begins another attempt.
    const isPresent = (): boolean => machine.attempt === own
    machine.joined(nowMs())
    const gap = place.join(answer)
    tokens.holds(answer)
    apply()
    if (isPresent()) {
      const { was_recovering, recovered, data: said } = answer
      emitter.emit('subscribed', {
        phase: 'subscribed',
        wasRecovering: !!was_recovering,
        recovered: !!recovered,
        data: said,
      })
      if (gap !== undefined) emitter.emit('gap', gap)
    }
    for (const publication of answer.publications ?? []) if (isPresent()) deliver(publication)
  }

  function leave(): void {
    // A handler may end it before it has been told itself that the connection is lost.
    if (host.isOnline()) commands.ask('unsubscribe', { channel }, () => {})
  }

  function authorize(): void {
    tokens.ask(
      during(machine, (refusal?: Refusal) => {
        if (refusal === undefined) apply(machine.authorized())
        else refused(refusal)
      }),
    )
  }

  function refused(refusal: Refusal): void {
    apply(machine.refused(subscriptionReason(refusal.name, refusal), nowMs()))
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

  /** Throws `ClientError` `ERR_OPTION` when the channel has another subscription. */
  function subscribe(): void {
    if (machine.state.phase === 'unsubscribed') {
      if (wanted.has(channel)) {
        throw new ClientError('ERR_OPTION', `There is a subscription to ${channel}: share it, or end it first.`)
      }
      wanted.set(channel, self)
      machine.online(host.isOnline())
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
    get canRecover() {
      return machine.state.phase === 'subscribed' && place.position !== undefined
    },
    online: (isOnline) => apply(machine.online(isOnline)),
    pushed(push) {
      const { pub, unsubscribe: over, join: come, leave: gone } = push as ChannelNews
      if (pub) deliver(pub)
      if (over) end(reasonOfUnsubscribe(over.code, over.reason))
      if (come) emitter.emit('join', come.info)
      if (gone) emitter.emit('leave', gone.info)
    },
    invalidate,
  }
  if (!signal?.aborted) subscribe()
  return subscription
}
