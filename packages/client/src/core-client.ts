/// <reference lib="esnext.disposable" preserve="true" />
import type {
  CheckedChannel,
  ConnectRequest,
  ConnectResult,
  Contract,
  Json,
  MethodsOf,
  PublicationInput,
  PublicationOutput,
  PublicationPacket,
  Push,
  RpcInput,
  RpcOutput,
} from '@wigwag/protocol'
import { type CallOptions, cancellable, signalOf } from './cancellable.ts'
import { ChannelCommands, type PublishOptions } from './command/channel-commands.ts'
import { CommandTable } from './command/command-table.ts'
import { Outgoing } from './command/outgoing.ts'
import type { ClientEvents } from './connection/client-events.ts'
import { Connector } from './connection/connector.ts'
import { type CreateTokens, fixedToken } from './connection/tokens.ts'
import { type CoreClientOptions, type ResolvedCoreOptions, resolveCoreOptions } from './core-options.ts'
import { Emitter } from './emitter.ts'
import { ClientError } from './error/client-error.ts'
import { parseUrl } from './error/parse-url.ts'
import type { ClientData } from './publication/publication-types.ts'
import { closeReason } from './reason/close-reason.ts'
import type { ClientState } from './state/client-state.ts'
import { CoreSubscription, type SubscriptionParts } from './subscription/core-subscription.ts'
import type { ServerChannels } from './subscription/server-subscriptions.ts'
import { SubscriptionCore, type SubscriptionHost, type SubscriptionSink } from './subscription/subscription-core.ts'
import type { CoreSubscriptionOptions } from './subscription/subscription-options.ts'
import { SubscriptionSet } from './subscription/subscription-set.ts'
import { Alarm } from './time/alarm.ts'

/**
 * A hub's client without what is named to it by its options: see `Client`, which has all. One connection, kept as long as it is wanted, and the subscriptions that live on it. It connects when it is
 * first needed. Types of what channels carry are those of the contract `C` (`new Client<typeof contract>(url)`).
 */
export class CoreClient<const C extends Contract = Contract> {
  readonly #options: ResolvedCoreOptions
  readonly #emitter: Emitter<ClientEvents>
  readonly #outgoing: Outgoing
  readonly #commands: CommandTable
  readonly #channels: ChannelCommands
  readonly #connector: Connector
  readonly #alarm: Alarm
  readonly #subscriptions = new SubscriptionSet()
  readonly #serverChannels: ServerChannels | undefined
  readonly #host: SubscriptionHost

  /**
   * `url`: where the hub is (ends in `/`), or its WebSocket endpoint; `ws:`, `wss:`, `http:` or `https:`, in a page also relative.
   * Throws `ClientError` `ERR_OPTION` for an option or a URL that is none.
   */
  constructor(url: string | URL, options: CoreClientOptions = {}) {
    const resolved = resolveCoreOptions(options)
    const { environment, transports, timeoutMs, offlineQueue } = resolved
    const { nowMs } = environment
    this.#options = resolved
    this.#emitter = new Emitter(environment.report)
    this.#outgoing = new Outgoing((text) => this.#connector.send(text))
    this.#commands = new CommandTable(
      (line) => this.#outgoing.push(line),
      (channel) => this.#subscriptions.get(channel)?.state.phase === 'subscribing',
    )
    this.#alarm = new Alarm(environment, (now) => this.#tick(now))
    const due = (atMs: number): void => this.#alarm.set(atMs)
    this.#channels = new ChannelCommands(
      this.#commands,
      { nowMs, timeoutMs, due, seek: () => this.#seek() },
      offlineQueue?.(environment.createId),
    )
    this.#host = {
      commands: this.#commands,
      environment,
      backoff: resolved,
      timeoutMs,
      due,
      enter: (core) => this.#subscriptions.enter(core),
      leave: (core) => this.#subscriptions.leave(core),
      settled: () => this.#commands.release(),
      silent: () => this.#connector.end(closeReason('replyTimeout')),
    }
    this.#serverChannels = resolved.serverChannels?.({
      emit: (name, event) => this.#emitter.emit(name, event),
      faultOf: (channel, packet) => resolved.faultOf?.(channel, packet),
    })
    this.#connector = new Connector(
      {
        url: parseUrl(url),
        transports,
        times: resolved,
        environment,
        commands: this.#commands,
        outgoing: this.#outgoing,
        createTokens: tokensBy(options.token),
        advise: resolved.advise,
      },
      {
        greet: (token) => this.#greet(token),
        joined: (result) => this.#joined(result),
        dropped: () => this.#dropped(),
        changed: (state) => this.#changed(state),
        pushed: (push) => this.#pushed(push),
        failed: (error) => this.#emitter.emit('error', error),
        canMove: () => this.#canMove(),
        due,
      },
    )
  }

  /** Whether there is a connection, and why not. */
  get state(): ClientState {
    return this.#connector.state
  }

  /** Connects now, rather than when it is needed; and again after it was sent away. */
  connect(): void {
    this.#connector.connect()
  }

  /** Ends the connection, and seeks no other. Subscriptions stay, for `connect()`. */
  disconnect(): void {
    this.#connector.disconnect()
  }

  /**
   * Resolves when it is connected. Rejects with `ERR_DISCONNECTED` when no connection is sought, and as `AbortSignal.timeout` does
   * after `timeoutMs`, by default never.
   */
  ready(options: CallOptions = {}): Promise<void> {
    return cancellable(signalOf(options), (settle) => {
      const look = ({ phase }: ClientState): void => {
        if (phase === 'connected') settle({ value: undefined })
        else if (phase === 'disconnected') settle({ error: this.#disconnected() })
        else return
        off()
      }
      const off = this.on('state', look)
      this.#seek()
      look(this.state)
      return off
    })
  }

  /** Listens until the function that it returns is called, or the signal is aborted. */
  on<Name extends keyof ClientEvents>(
    name: Name,
    listener: (event: ClientEvents[Name]) => void,
    options?: { readonly signal?: AbortSignal },
  ): () => void {
    return this.#emitter.on(name, listener, options)
  }

  /**
   * Subscribes to a channel, over this connection and all that follow. Throws `ClientError` `ERR_OPTION` when there is a
   * subscription to it that has not ended.
   */
  subscribe<const Channel extends string>(
    channel: Channel & CheckedChannel<C, Channel>,
    options: CoreSubscriptionOptions<ClientData<PublicationOutput<C, Channel>>> = {},
  ): CoreSubscription<ClientData<PublicationOutput<C, Channel>>, ClientData<PublicationInput<C, Channel>>> {
    const { faultOf, environment } = this.#options
    const createCore = (own: SubscriptionSink): SubscriptionCore => {
      const delivered = (packet: PublicationPacket): void => {
        const fault = faultOf?.(channel, packet)
        if (fault === undefined) own.delivered(packet)
        else own.failed(fault)
      }
      return new SubscriptionCore(channel, this.#host, tokensBy(options.token), options, { ...own, delivered })
    }
    const subscription = this.createSubscription<
      ClientData<PublicationOutput<C, Channel>>,
      ClientData<PublicationInput<C, Channel>>
    >({ createCore, commands: this.#channels, options, report: environment.report })
    this.#seek()
    return subscription
  }

  /** What `subscribe` returns. */
  protected createSubscription<Data, Input>(parts: SubscriptionParts<Data>): CoreSubscription<Data, Input> {
    return new CoreSubscription(parts)
  }

  /** Publishes to a channel, subscribed or not: as `subscription.publish`. */
  publish<const Channel extends string>(
    channel: Channel & CheckedChannel<C, Channel>,
    data: ClientData<PublicationInput<C, Channel>>,
    options?: PublishOptions,
  ): Promise<void> {
    return this.#channels.publish(channel, data as Json, options)
  }

  /** Calls a method of the hub; resolves with what it answers. Rejects with `ERR_REPLY` when it refuses. */
  async rpc<const Name extends keyof MethodsOf<C> & string>(
    method: Name,
    ...[data, options]: RpcArguments<RpcInput<MethodsOf<C>[Name]>>
  ): Promise<RpcOutput<MethodsOf<C>[Name]>> {
    const request = { method, ...(data !== undefined && { data: data as Json }) }
    return (await this.#channels.call('rpc', request, options)).data as RpcOutput<MethodsOf<C>[Name]>
  }

  /** Sends something to the hub, for no channel. Resolves when it has been handed to the connection: there is no answer. */
  async send(data: Json, options?: CallOptions): Promise<void> {
    await this.#channels.call('send', { data }, options)
  }

  /** Ends the connection and every subscription. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#subscriptions.unsubscribe()
    this.disconnect()
  }

  /** Connects if nobody has decided otherwise; says why there will be no connection. */
  #seek(): ClientError | undefined {
    const { state } = this
    if (state.phase === 'disconnected' && state.reason.name === 'initial') this.connect()
    return this.state.phase === 'disconnected' ? this.#disconnected() : undefined
  }

  #disconnected(): ClientError {
    const { state } = this
    const reason = state.phase === 'disconnected' ? state.reason : undefined
    const message = `There is no connection, and none is sought: ${reason?.text}. ${reason?.advice}`
    return new ClientError('ERR_DISCONNECTED', message, reason && { reason })
  }

  #greet(token: string | undefined): ConnectRequest {
    const { data, name, version } = this.#options
    const subs = this.#serverChannels?.request
    this.#subscriptions.online()
    return {
      ...(token && { token }),
      ...(data !== undefined && { data }),
      ...(name !== undefined && { name }),
      ...(version !== undefined && { version }),
      ...(subs && { subs }),
    }
  }

  #joined({ client, data, subs = {} }: ConnectResult): void {
    this.#commands.open()
    this.#emitter.emit('connected', { phase: 'connected', client, data })
    this.#serverChannels?.joined(subs)
  }

  #dropped(): void {
    this.#serverChannels?.dropped()
    this.#commands.close()
    this.#subscriptions.offline()
  }

  /** Whether nothing is lost by another connection; what comes in channels of the server may be, where nobody is told of it. */
  #canMove(): boolean {
    return this.#commands.isIdle && this.#subscriptions.canRecover && this.#serverChannels?.canRecover !== false
  }

  #changed(state: ClientState): void {
    const { phase } = state
    if (phase !== 'connected' && state.reason.name === 'stateInvalidated') {
      this.#subscriptions.invalidate()
      this.#serverChannels?.invalidate()
    }
    if (phase === 'disconnected') {
      const error = this.#disconnected()
      this.#commands.abandon(error)
      this.#subscriptions.abandon(error)
      // A process that has nothing else to do may end.
      this.#alarm.off()
      this.#setAlarm()
    }
    this.#emitter.emit('state', state)
    // `connected` says more, and is told when that is known.
    if (phase === 'connecting') this.#emitter.emit('connecting', state)
    else if (phase === 'disconnected') this.#emitter.emit('disconnected', state)
  }

  #pushed(push: Push): void {
    if ('message' in push) this.#emitter.emit('message', push.message.data)
    if (!('channel' in push)) return
    const core = this.#subscriptions.get(push.channel)
    if (core === undefined || 'subscribe' in push) this.#serverChannels?.pushed(push)
    else core.pushed(push)
  }

  #tick(nowMs: number): void {
    this.#connector.tick(nowMs)
    this.#subscriptions.tick(nowMs)
    this.#commands.tick(nowMs)
    this.#setAlarm()
  }

  #setAlarm(): void {
    for (const each of [this.#connector, this.#subscriptions, this.#commands]) this.#alarm.set(each.nextDeadlineMs())
  }
}

/** What a method is called with: nothing, where it takes nothing. */
type RpcArguments<Input> = undefined extends Input
  ? [data?: Input, options?: CallOptions]
  : [data: Input, options?: CallOptions]

function tokensBy(token: string | CreateTokens | undefined): CreateTokens {
  return typeof token === 'function' ? token : () => fixedToken(token)
}
