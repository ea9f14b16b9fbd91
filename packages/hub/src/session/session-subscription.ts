import {
  type ClientInfo,
  ErrorCode,
  type PublicationPacket,
  type SubscribeResult,
  UnsubscribeCode,
} from '@wigwag/protocol'
import type { HistoryStart } from '../broker/broker.ts'
import type { EncodeOnce } from '../channel/encode-once.ts'
import type { PublicationCodec } from '../channel/publication-codec.ts'
import type { Subscriber } from '../channel/subscriber.ts'
import type { Subscription } from '../channel/subscription.ts'
import type { HubError } from '../error/hub-error.ts'
import type { ChannelInNamespace } from '../namespace/namespaces.ts'
import type { RefusalAnswer } from '../namespace/refuse.ts'
import { isEpoch, type Position } from '../publication/position.ts'
import type { Gap, Publication } from '../publication/publication.ts'
import { ends } from './disconnects.ts'
import type { EncodedPacket } from './encoded-packet.ts'
import { Lifetime } from './lifetime.ts'
import type { OutboxLane } from './outbox-lane.ts'
import { publicationPacket } from './publication-packets.ts'
import { answerOf, UNAVAILABLE, UNRECOVERABLE } from './refusal-answers.ts'
import type { SessionContext } from './session-context.ts'
import type { Unsubscribed } from './session-hooks.ts'
import type { SubscriptionGoal } from './subscription-goal.ts'
import type { SubscriptionOwner } from './subscription-owner.ts'

/** What came live before the client knew that it is subscribed. */
interface Held {
  readonly encoded: EncodedPacket
  readonly publication: Publication
}

/** How the way into a channel ended. */
export type SubscriptionOutcome =
  /** The subscription stands, and waits for `start`. */
  { readonly ok: true; readonly result: SubscribeResult } | { readonly ok: false; readonly answer: RefusalAnswer }

/** Told once for each subscription that began. */
export type SubscriptionReady = (outcome: SubscriptionOutcome) => void

/** Live publications that wait for the client to be told; more means that something is stuck. */
const MAX_HELD = 10_000

type SubscriptionState =
  /** The application is asked. */
  | { readonly phase: 'asking' }
  /** What the client missed is being read. */
  | {
      readonly phase: 'recovering'
      readonly ready: SubscriptionReady
      readonly deadlineMs: number
      readonly publications: Publication[]
      isUnrecovered: boolean
    }
  /** The client is about to be told; what comes meanwhile is behind that. */
  | { readonly phase: 'ready'; readonly held: Held[]; readonly isExact: boolean }
  | { readonly phase: 'live'; readonly lane: OutboxLane<EncodedPacket>; skipUntilMs: number }
  | { readonly phase: 'ended' }

/** A session in a channel: from the moment when its client asks until the end. */
export class SessionSubscription implements Subscriber<EncodedPacket> {
  readonly codec: PublicationCodec<EncodedPacket>
  readonly target: ChannelInNamespace
  readonly goal: SubscriptionGoal
  readonly #context: SessionContext
  readonly #owner: SubscriptionOwner
  #state: SubscriptionState = { phase: 'asking' }
  #subscription: Subscription | undefined
  #info: ClientInfo | undefined
  /** Until when the permission holds. */
  lifetime: Lifetime = Lifetime.endless

  constructor(context: SessionContext, owner: SubscriptionOwner, target: ChannelInNamespace, goal: SubscriptionGoal) {
    this.codec = context.codec
    this.target = target
    this.goal = goal
    this.#context = context
    this.#owner = owner
  }

  /** The channel's name. */
  get channel(): string {
    return this.target.parts.name
  }

  get phase(): SubscriptionState['phase'] {
    return this.#state.phase
  }

  /** Whether the client has been told, and nothing has ended it. */
  get isLive(): boolean {
    return this.#state.phase === 'live'
  }

  /** When a recovery that is not done has failed. */
  get deadlineMs(): number {
    return this.#state.phase === 'recovering' ? this.#state.deadlineMs : Number.POSITIVE_INFINITY
  }

  /** Subscribes. `ready` may be called before this returns. */
  begin(info: ClientInfo, ready: SubscriptionReady): void {
    const { goal } = this
    const after = goal.isRecovering ? this.#recoveryStart() : undefined
    this.#info = info
    const { subscribeTimeoutMs } = this.#context.options
    this.#state = {
      phase: 'recovering',
      ready,
      deadlineMs: this.#context.ports.elapsedMs() + subscribeTimeoutMs,
      publications: [],
      isUnrecovered: goal.isRecovering && after === undefined,
    }
    try {
      this.#subscription = this.#context.channels.subscribe(this.channel, this, after)
    } catch (error) {
      this.#fail(answerOf(error))
    }
  }

  /** The client was told: from now on publications go to it, what came meanwhile first. */
  start(): void {
    if (this.#state.phase !== 'ready') return
    const { held, isExact } = this.#state
    const { slowConsumer } = this.target.namespace
    const lane = this.#owner.outbox.open({ channel: this.channel, slowConsumer, isExact })
    this.#state = { phase: 'live', lane, skipUntilMs: -1 }
    if (this.#info !== undefined) this.#enter(this.#info)
    for (const { encoded, publication } of held) {
      if (this.isLive) this.deliver(encoded, publication)
    }
  }

  /** What a reply carries is written with the reply. */
  recovered(publication: Publication, once: EncodeOnce): void {
    const state = this.#state
    if (state.phase !== 'recovering') this.deliver(once.encode(this.codec, publication), publication)
    else if (state.publications.length < this.#context.options.maxRecoveredPublications) {
      state.publications.push(publication)
    } else state.isUnrecovered = true
  }

  /** A publication that is live. */
  deliver(encoded: EncodedPacket, publication: Publication): void {
    const state = this.#state
    switch (state.phase) {
      case 'live':
        if (publication.time > state.skipUntilMs) this.#owner.outbox.deliver(state.lane, encoded, publication)
        break
      case 'ready':
        if (state.held.length < MAX_HELD) state.held.push({ encoded, publication })
        else this.miss()
        break
      case 'asking':
      case 'recovering':
      case 'ended':
        break
    }
  }

  gap({ reason }: Gap, toldUntilMs: number | undefined): void {
    const state = this.#state
    if (state.phase === 'recovering') state.isUnrecovered = true
    else if (state.phase === 'ready') {
      if (state.isExact) this.miss()
    } else if (state.phase === 'live') {
      if (state.lane.isExact) this.miss()
      // Its client has no position: what the broker has lost need not be told, and nothing must come twice.
      else state.skipUntilMs = reason === 'epoch-changed' ? (toldUntilMs ?? -1) : -1
    }
  }

  live(position: Position | undefined): void {
    // Once more after the broker was away: by then the client has been told what it missed.
    if (this.#state.phase !== 'recovering') return
    const { ready, publications, isUnrecovered } = this.#state
    const recovery = this.goal.isRecovering ? this.#recovered(position, publications, isUnrecovered) : undefined
    if (this.goal.mustRecover && recovery?.recovered === false) {
      this.#fail(UNRECOVERABLE)
      return
    }
    const { recover } = this.target.namespace
    const isRecoverable = recover !== 'none' && position !== undefined
    const isPositioned = position !== undefined && (recover === 'stream' || this.goal.request.positioned === true)
    this.#state = { phase: 'ready', held: [], isExact: isPositioned }
    const result: SubscribeResult = {
      ...this.lifetime.describe(this.#context.ports.nowMs()),
      ...(isRecoverable && { recoverable: true }),
      ...(isPositioned && { positioned: true }),
      ...(position !== undefined && { epoch: position.epoch, offset: position.offset }),
      ...recovery,
    }
    ready({ ok: true, result })
  }

  failed(error: HubError): void {
    if (this.#state.phase === 'recovering') this.#fail(answerOf(error))
    else if (error.code === 'ERR_SUBSCRIBER') {
      this.#context.ports.report(`Delivering to ${this.channel}`, error)
      this.end(FAILED)
    } else this.miss()
  }

  announced(encoded: EncodedPacket): void {
    if (this.isLive && this.goal.wantsJoinLeave) this.#owner.push(encoded)
  }

  /** Time goes by. */
  tick(elapsedMs: number): void {
    if (this.#state.phase === 'recovering' && elapsedMs >= this.#state.deadlineMs) this.#fail(UNAVAILABLE)
  }

  /** Ends it. Whoever waits for it is answered; a client that was told is told why, unless it asked for it (`why` left out). */
  end(why?: Unsubscribed): void {
    if (this.#state.phase === 'recovering') this.#fail(ENDED)
    else this.#finish(why)
  }

  /** Its client was not sent something that it must not miss: it has to come back, and recover. */
  miss(): void {
    // By itself a client subscribes again only to what it has asked for; to the others it is subscribed as it connects.
    if (this.goal.side === 'server') this.#owner.disconnect(ends('insufficientState'))
    else this.end(INSUFFICIENT_STATE)
  }

  #fail(answer: RefusalAnswer): void {
    const state = this.#state
    this.#finish(undefined)
    if (state.phase === 'recovering') state.ready({ ok: false, answer })
  }

  /** Nothing more of it is delivered. */
  #finish(why: Unsubscribed | undefined): void {
    const state = this.#state
    if (state.phase === 'ended') return
    this.#state = { phase: 'ended' }
    if (this.#subscription !== undefined) this.#context.channels.unsubscribe(this.channel, this.#subscription)
    if (state.phase === 'live') {
      this.#owner.outbox.end(state.lane)
      if (this.#info !== undefined) this.#leave(this.#info)
    }
    this.#owner.ended(this, state.phase === 'live' || state.phase === 'ready', why)
  }

  /** From where the client recovers; nowhere when that is no position that a stream could have had. */
  #recoveryStart(): HistoryStart | undefined {
    const { epoch = '', offset = 0 } = this.goal.request
    switch (this.target.namespace.recover) {
      case 'cache':
        return 'latest'
      case 'stream':
        return isEpoch(epoch) ? { epoch, offset } : undefined
      case 'none':
        return undefined
    }
  }

  #recovered(
    position: Position | undefined,
    publications: readonly Publication[],
    isUnrecovered: boolean,
  ): Pick<SubscribeResult, 'recovered' | 'was_recovering' | 'publications' | 'offset'> {
    const { epoch, offset } = this.goal.request
    const isKnown = ({ position: at }: Publication): boolean => at?.epoch === epoch && at?.offset === offset
    const isCache = this.target.namespace.recover === 'cache'
    const missed = isCache ? publications.slice(-1).filter((latest) => !isKnown(latest)) : publications
    const isAtEnd = position !== undefined && position.epoch === epoch && position.offset === offset
    const recovered = isCache ? isAtEnd || publications.length > 0 : !isUnrecovered && position !== undefined
    if (!recovered) return { was_recovering: true, recovered: false }
    const packets: PublicationPacket[] = missed.map((each) => publicationPacket(each, this.#context.ports.toBase64))
    if (packets.length === 0) return { was_recovering: true, recovered }
    // Where the client stands before it has taken them: each takes it further, and it may leave before it has.
    const before = isCache ? (packets[0]?.offset ?? 1) - 1 : (offset ?? 0)
    return { was_recovering: true, recovered, publications: packets, offset: before }
  }

  #enter(info: ClientInfo): void {
    const { namespace } = this.target
    const { presence, channels, ports } = this.#context
    if (namespace.presence) presence?.enter(this.channel, info, ports.elapsedMs())
    else if (namespace.joinLeave) channels.announce(this.channel, 'join', info)
  }

  #leave(info: ClientInfo): void {
    const { namespace } = this.target
    const { presence, channels, ports } = this.#context
    if (namespace.presence) presence?.leave(this.channel, info.client, ports.elapsedMs())
    else if (namespace.joinLeave) channels.announce(this.channel, 'leave', info)
  }
}

/** What a command is answered with whose subscription ended before it stood. */
export const ENDED: RefusalAnswer = {
  type: 'error',
  code: ErrorCode.notAvailable,
  message: 'unsubscribed meanwhile',
  temporary: false,
}
const INSUFFICIENT_STATE: Unsubscribed = { code: UnsubscribeCode.insufficientState, reason: 'insufficient state' }
const FAILED: Unsubscribed = { code: UnsubscribeCode.server, reason: 'internal server error' }
