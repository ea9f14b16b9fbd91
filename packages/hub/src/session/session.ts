import {
  type ClientInfo,
  type Command,
  type DecodedPacket,
  type Disconnect,
  DisconnectCode,
  decodeCommands,
  encodePacket,
  type Json,
  PING_PACKET,
  type PushPacket,
  UnsubscribeCode,
} from '@wigwag/protocol'
import { utf8Bytes } from '../publication/utf8-bytes.ts'
import type { ClientSession } from './client-session.ts'
import { CommandIntake } from './command-intake.ts'
import type { Credentials } from './credentials.ts'
import { ends } from './disconnects.ts'
import type { EncodedPacket } from './encoded-packet.ts'
import { InboundRate } from './inbound-rate.ts'
import { Lifetime, type LifetimeEffect } from './lifetime.ts'
import { Outbox, type OutboxHost } from './outbox.ts'
import type { DroppedPublications } from './outbox-lane.ts'
import { TOO_FAST, UNAUTHORIZED } from './refusal-answers.ts'
import { EXPIRED_SUBSCRIPTION, renewCredentials, renewSubscription } from './renewal.ts'
import { type ServerSubscriptionOptions, subscribeByServer } from './server-subscription.ts'
import type { SessionContext } from './session-context.ts'
import type { Unsubscribed } from './session-hooks.ts'
import { SessionKeepalive } from './session-keepalive.ts'
import type { SessionSubscription } from './session-subscription.ts'
import { SessionSubscriptions } from './session-subscriptions.ts'
import type { SessionAddress, SessionRequest, SessionTransport } from './session-transport.ts'
import type { SubscriptionOwner } from './subscription-owner.ts'

type SessionState =
  /** For the client to say who it is. */
  | { readonly phase: 'waiting'; readonly deadlineMs: number }
  /** It has; what it asked behind that waits. */
  | { readonly phase: 'connecting'; readonly deadlineMs: number }
  | { readonly phase: 'open'; readonly keepalive: SessionKeepalive }
  /** It ends as soon as the client has what it was promised. */
  | { readonly phase: 'leaving'; readonly disconnect: Disconnect }
  | { readonly phase: 'closed' }

/**
 * One connected client, from when its transport opens until it has closed. Its transport tells it what comes (`receive`,
 * `drained`, `closed`), the registry when time has gone by (`tick`). What clients can ask for is in `commands`.
 */
export class Session implements ClientSession, SubscriptionOwner, OutboxHost {
  readonly client: string
  readonly outbox: Outbox
  readonly commands: CommandIntake
  /** Those that are asked for, too. */
  readonly subscriptions: SessionSubscriptions = new SessionSubscriptions()
  /** The last publish command's decision: the next one waits for it, so that order is kept. */
  publishTurn: Promise<unknown> | undefined
  /** Until when the credentials hold. */
  lifetime: Lifetime = Lifetime.endless
  /** Where the client sends what it has to say, if not to the transport. */
  address: SessionAddress | undefined
  readonly #context: SessionContext
  readonly #transport: SessionTransport
  readonly #inbound: InboundRate
  readonly remoteAddress: string
  #request: SessionRequest | undefined
  #state: SessionState
  #credentials: Credentials | undefined

  /** Made by the registry. */
  constructor(context: SessionContext, transport: SessionTransport, request: SessionRequest) {
    const { ports, options } = context
    this.client = ports.createId()
    this.remoteAddress = request.remoteAddress ?? ''
    this.commands = new CommandIntake(this, context)
    this.#inbound = new InboundRate(context.inboundRates)
    this.outbox = new Outbox(transport, this, context.outbox)
    this.#request = request
    this.#context = context
    this.#transport = transport
    this.#state = { phase: 'waiting', deadlineMs: ports.elapsedMs() + options.connectTimeoutMs }
  }

  get phase(): SessionState['phase'] {
    return this.#state.phase
  }

  get user(): string {
    return this.#credentials?.user ?? ''
  }

  get info(): Json | undefined {
    return this.#credentials?.info
  }

  get meta(): Json | undefined {
    return this.#credentials?.meta
  }

  get transport(): string {
    return this.#transport.name
  }

  get channels(): readonly string[] {
    return this.subscriptions.channels
  }

  /** How the client came; nothing once it is known who it is. */
  get request(): SessionRequest | undefined {
    return this.#request
  }

  /** As others in a channel see it. */
  clientInfo(channelInfo?: Json): ClientInfo {
    const { client, user, info } = this
    return {
      client,
      user,
      ...(info !== undefined && { conn_info: info }),
      ...(channelInfo !== undefined && { chan_info: channelInfo }),
    }
  }

  /** How what the client says comes, if not the way that packets go. */
  get upstream(): SessionTransport['upstream'] {
    return this.#transport.upstream
  }

  /** The client shows that it is there. */
  heard(): void {
    if (this.#state.phase === 'open') this.#state.keepalive.pong()
  }

  /** What the client sent: one message. */
  receive(text: string): void {
    // Who leaves is not listened to any more: what it asks now it will ask elsewhere.
    if (this.#state.phase === 'closed' || this.#state.phase === 'leaving') return
    const nowMs = this.#context.ports.elapsedMs()
    if (!this.#inbound.takeMessage(utf8Bytes(text), nowMs)) {
      this.disconnect(ends('tooManyRequests'))
      return
    }
    const decoded = decodeCommands(text)
    if (!decoded.ok) {
      this.disconnect(ends('badRequest', decoded.fault))
      return
    }
    for (const packet of decoded.packets) this.#take(packet, nowMs)
  }

  /** The transport has room again. */
  drained(): void {
    this.outbox.drained()
    this.settled()
  }

  /** The transport has closed. */
  closed(): void {
    this.#end({ code: DisconnectCode.connectionClosed, reason: 'connection closed' })
  }

  send(data: Json): boolean {
    if (this.#state.phase !== 'open') return false
    this.#pushPacket({ push: { message: { data } } })
    return this.phase === 'open'
  }

  subscribe(channel: string, options?: ServerSubscriptionOptions): void {
    if (this.#state.phase === 'open') subscribeByServer(this, this.#context, channel, options)
  }

  unsubscribe(channel: string, code: number = UnsubscribeCode.server, reason = 'server unsubscribe'): void {
    this.subscriptions.get(channel)?.end({ code, reason })
  }

  refresh(expiresAt?: number): void {
    if (this.#state.phase !== 'open') return
    this.lifetime = new Lifetime(expiresAt, this.lifetime.renewedBy)
    this.#context.wake(this)
    this.#pushPacket({ push: { refresh: this.lifetime.describe(this.#context.ports.nowMs()) } })
  }

  disconnect(disconnect: Disconnect = ends('forceDisconnect')): void {
    if (this.#end(disconnect)) this.#transport.close(disconnect)
  }

  /** Ends the session as soon as what waits for the client has gone, and what it asked for is answered. */
  leave(disconnect: Disconnect): void {
    if (this.#state.phase !== 'open') {
      this.disconnect(disconnect)
      return
    }
    this.#state = { phase: 'leaving', disconnect }
    // What comes from now on the client recovers where it comes back.
    this.subscriptions.endLive()
    this.#context.wake(this)
    this.settled()
  }

  /** Nothing waits for the client any more, perhaps, or every command is answered. */
  settled(): void {
    const state = this.#state
    if (state.phase === 'leaving' && this.outbox.isEmpty && this.commands.areAnswered) this.disconnect(state.disconnect)
  }

  /** Sends a packet that is no publication. */
  push(packet: EncodedPacket | string): void {
    if (this.#state.phase !== 'closed') this.outbox.push(packet)
  }

  /** It is known who the client is. */
  authenticated(credentials: Credentials, lifetime: Lifetime): void {
    this.#credentials = credentials
    this.lifetime = lifetime
    this.#request = undefined
    this.#context.wake(this)
  }

  /** The client is not let in, but may try again until its time is up, if there is a way. */
  refused(): void {
    if (this.#state.phase !== 'connecting') return
    this.#state = { phase: 'waiting', deadlineMs: this.#state.deadlineMs }
    this.commands.refuseDeferred(UNAUTHORIZED)
    // It does not know its address.
    if (this.upstream !== undefined) this.disconnect(ends('connectionClosed'))
  }

  /** The client is in. Called behind its reply, or right before it. */
  opened(): void {
    if (this.#state.phase !== 'connecting') return
    const { options, ports, spread } = this.#context
    this.#state = { phase: 'open', keepalive: new SessionKeepalive(options, ports.elapsedMs(), spread()) }
    this.#context.wake(this)
  }

  /** When there is something to do, in milliseconds of the clock that nobody sets. */
  nextDeadlineMs(): number {
    const { elapsedMs, nowMs } = this.#context.ports
    const { expiryGraceMs } = this.#context.options
    // Clocks that are set move: so does what is due by them, whenever this is asked anew.
    const behind = elapsedMs() - nowMs()
    const lifetimeMs = (lifetime: Lifetime): number => lifetime.deadline(expiryGraceMs) + behind
    const deadlineMs = Math.min(lifetimeMs(this.lifetime), this.subscriptions.nextDeadlineMs(lifetimeMs))
    switch (this.#state.phase) {
      case 'waiting':
      case 'connecting':
        return Math.min(deadlineMs, this.#state.deadlineMs)
      case 'open':
        return Math.min(deadlineMs, this.#state.keepalive.deadlineMs)
      case 'leaving':
      case 'closed':
        return Number.POSITIVE_INFINITY
    }
  }

  /** Time goes by. */
  tick(elapsedMs: number): void {
    this.subscriptions.tick(
      elapsedMs,
      (lifetime) => this.#effectOf(lifetime),
      (subscription, effect) => this.#due(subscription, effect),
    )
    switch (this.#state.phase) {
      case 'waiting':
        if (elapsedMs >= this.#state.deadlineMs) this.disconnect(ends('stale'))
        break
      case 'connecting':
        // It is not the client that is late.
        if (elapsedMs >= this.#state.deadlineMs) this.disconnect(ends('internal'))
        break
      case 'open':
        this.#tickOpen(this.#state.keepalive, elapsedMs)
        break
      case 'leaving':
      case 'closed':
        break
    }
  }

  dropped(dropped: DroppedPublications): void {
    this.#context.tell('onDropped', () => this.#context.hooks.onDropped?.(this, dropped))
  }

  broken(channel: string): void {
    this.subscriptions.get(channel)?.miss()
  }

  slow(): void {
    this.disconnect(ends('slow'))
  }

  ended(subscription: SessionSubscription, told: boolean, why: Unsubscribed | undefined): void {
    const { channel, target } = subscription
    this.subscriptions.delete(subscription)
    if (!told || this.#state.phase !== 'open') return
    if (why !== undefined) this.#pushPacket({ push: { channel, unsubscribe: why } })
    const { hooks } = this.#context
    this.#context.tell('onUnsubscribe', () => hooks.onUnsubscribe?.(this, target.parts, why ?? ASKED))
  }

  #take(packet: DecodedPacket, nowMs: number): void {
    const state = this.#state
    if (state.phase === 'closed' || state.phase === 'leaving') return
    const verdict = this.#inbound.takeCommand(nowMs)
    if (verdict === 'abuse') {
      this.disconnect(ends('tooManyRequests'))
      return
    }
    switch (packet.kind) {
      case 'pong':
        this.heard()
        break
      case 'refused':
        if (state.phase === 'waiting') this.disconnect(ends('badRequest'))
        else {
          const { id, code, message } = packet
          this.push(encodePacket({ id, error: { code, message } }))
        }
        break
      case 'command':
        if (verdict === 'within') this.#command(packet.command)
        // It must not go unheard either.
        else if (!this.commands.refuse(packet.command, TOO_FAST)) this.disconnect(ends('tooManyRequests'))
        break
    }
  }

  #command(command: Command): void {
    const state = this.#state
    // Before it is known who the client is there is nothing it could do, and it is nobody else later.
    if ((command.method === 'connect') !== (state.phase === 'waiting')) {
      this.disconnect(ends('badRequest'))
      return
    }
    if (state.phase === 'connecting') this.commands.defer(command)
    else {
      if (state.phase === 'waiting') this.#state = { phase: 'connecting', deadlineMs: state.deadlineMs }
      this.commands.run(command)
    }
  }

  #tickOpen(keepalive: SessionKeepalive, elapsedMs: number): void {
    const effect = this.#effectOf(this.lifetime)
    if (effect === 'over') this.disconnect(ends('expired'))
    else if (effect === 'renew') renewCredentials(this, this.#context)
    switch (keepalive.tick(elapsedMs)) {
      case 'ping':
        this.push(PING_PACKET)
        break
      case 'no-pong':
        this.disconnect(ends('noPong'))
        break
      case 'too-old':
        this.disconnect(ends('forceReconnect'))
        break
      case undefined:
        break
    }
  }

  #effectOf(lifetime: Lifetime): LifetimeEffect {
    return lifetime.tick(this.#context.ports.nowMs(), this.#context.options.expiryGraceMs)
  }

  #due(subscription: SessionSubscription, effect: 'renew' | 'over'): void {
    if (effect === 'renew') renewSubscription(this, this.#context, subscription)
    else subscription.end(EXPIRED_SUBSCRIPTION)
  }

  #pushPacket(packet: PushPacket): void {
    this.push(encodePacket(packet))
  }

  /** Lets go of everything. Returns whether it had not ended before. */
  #end(disconnect: Disconnect): boolean {
    const { phase } = this.#state
    if (phase === 'closed') return false
    this.#state = { phase: 'closed' }
    this.subscriptions.end()
    this.outbox.close()
    this.#context.forget(this)
    const { hooks } = this.#context
    const wasOpen = phase === 'open' || phase === 'leaving'
    if (wasOpen) this.#context.tell('onDisconnect', () => hooks.onDisconnect?.(this, disconnect))
    return true
  }
}

const ASKED: Unsubscribed = { code: 0, reason: 'unsubscribe called' }
