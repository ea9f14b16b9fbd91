import {
  type ConnectResult,
  decodePackets,
  type HubPacket,
  PING_PACKET,
  type Push,
  type ReplyPacket,
} from '@wigwag/protocol'
import type { Commands, Done } from '../command/commands.ts'
import type { Environment } from '../environment/environment.ts'
import { ClientError } from '../error/client-error.ts'
import { type CloseReason, closeReason, reasonOfCode } from '../reason/close-reason.ts'
import { type Refusal, refusalOf } from '../reason/refusal.ts'
import { type ClientEffect, type ClientTimes, createClientMachine } from '../state/client-machine.ts'
import type { ClientState } from '../state/client-state.ts'
import { drive } from '../state/drive.ts'
import { during } from '../state/during.ts'
import { NEVER } from '../time/never.ts'
import type { OpenTransport, Transport, TransportChoice } from '../transport/transport.ts'
import { type CreateTokens, createTokens, type Tokens } from './tokens.ts'

/** Those of a client's options that its connection goes by. */
interface ConnectionOptions extends Environment, ClientTimes {
  readonly token?: string | CreateTokens
  readonly transport: Transport | ChooseTransport
  readonly moveUpDelayMs: number
  /** Knows more of what is to be done about a reason. */
  readonly advise?: (reason: CloseReason) => CloseReason
}

/** What a connection is made of, and who hears what becomes of it. */
export interface ConnectionHost {
  readonly url: URL
  readonly options: ConnectionOptions
  readonly commands: Commands
  /** Tells what the application threw. */
  emit(name: 'error', error: ClientError): void
  /** Greets the hub, and sends what goes along. `done` is told the answer. */
  greet(token: string | undefined, done: Done<'connect'>): void
  /** The hub has let the client in. */
  joined(result: ConnectResult): void
  /** Another state: without `connected`, what was sent is lost. */
  changed(state: ClientState): void
  pushed(push: Push): void
  /** Who is told of channels. */
  listeners(): readonly ChannelListener[]
}

/** What is told of channels. */
export interface ChannelListener {
  /** Whether it could go on from where it is, over another connection. */
  readonly canRecover: boolean
  /** Whether commands reach a session, from now on. */
  online(isOnline: boolean): void
  /** The hub has something to say about the channel. */
  pushed(push: ChannelPush): void
  /** Nothing that is known of the stream, or of the token, holds any more. */
  invalidate(): void
}

/** A push about a channel. */
type ChannelPush = Extract<Push, { readonly channel: string }>

/** Decides which transport is opened next. */
export type ChooseTransport = (host: ChoiceHost) => TransportChoice

/** What goes by it. */
interface ChoiceHost extends Pick<ConnectionHost, 'url' | 'options' | 'commands' | 'listeners'> {
  readonly connection: Connection
  /** Whether something that was sent may not have arrived. */
  isBusy(): boolean | undefined
}

/** Keeps a connection, for as long as one is wanted: does what the machine decides, and tells it what came of it. */
export interface Connection {
  readonly state: ClientState
  connect(): void
  disconnect(): void
  /** It is no good: it is dropped, and what follows from the reason is done. */
  end(reason: CloseReason): void
  /** More is known of why the last attempt ended. */
  learned(reason: CloseReason): void
  /** Sends a message. */
  send(text: string): void
}

export function createConnection(host: ConnectionHost): Connection {
  const { url, options, commands } = host
  const { nowMs, after, random, watch } = options
  let transport: OpenTransport | undefined
  /** Whether the hub wants answers to its pings. */
  let answersPings = false
  let unwatch: (() => void) | undefined

  const tokens: Tokens = createTokens(options.token, {
    options,
    commands,
    emit: host.emit,
    over: refuse,
  })
  const machine = createClientMachine(options, random, options.advise)
  const apply = drive(machine, options, (effect: ClientEffect | undefined, changed) => {
    if (effect === 'close') {
      const { reason } = machine.state as ClientState & { readonly reason: CloseReason }
      tokens.stop(machine.state)
      transport?.close(reason)
      transport = undefined
      choice.ended(reason)
    }
    if (changed) {
      if (changed.phase === 'disconnected') {
        unwatch?.()
        unwatch = undefined
      }
      host.changed(changed)
      // A handler has gone on from there: this is the past.
      if (changed !== machine.state) return
    }
    if (effect === 'authorize') authorize()
    else if (effect === 'open') open()
    // Whatever comes is an answer, and how long that may take the machine knows.
    else if (effect === 'probe') commands.ask('ping', {}, () => {}, NEVER)
  })

  function end(reason: CloseReason): void {
    apply(machine.ended(reason, nowMs()))
  }

  function refuse(refusal: Refusal): void {
    end(closeReason(refusal.name, refusal))
  }

  function authorize(): void {
    tokens.ask(
      during(machine, (refusal?: Refusal) => {
        if (refusal === undefined) apply(machine.authorized(nowMs()))
        else refuse(refusal)
      }),
    )
  }

  function open(): void {
    const { attempt } = machine
    const isPresent = (): boolean => attempt === machine.attempt && transport !== undefined

    function received(text: string): void {
      if (!isPresent()) return
      machine.heard(nowMs())
      apply()
      const packets = decodePackets(text)
      try {
        if (packets === undefined) throw new TypeError('no JSON')
        // A handler may have ended it, and what else came with it is void then.
        for (const packet of packets) if (isPresent()) take(packet)
      } catch (cause) {
        // Handlers do not throw up to here: a packet was not what it must be.
        if (isPresent()) end(closeReason('notAHub', { text: 'what came is no packet', cause }))
      }
    }

    transport = choice.present.open(url, {
      greeting: () => (isPresent() ? greet() : ''),
      received,
      closed: during(machine, end),
      after,
    })
  }

  function greet(): string {
    host.greet(tokens.token, greeted)
    const [first = '', ...rest] = commands.take()
    // The first is sent when this has returned.
    if (rest.length > 0) queueMicrotask(() => rest.forEach(send))
    return first
  }

  function send(text: string): void {
    transport?.send(text)
  }

  function greeted(answer: ConnectResult | ClientError): void {
    if (answer instanceof ClientError) refuse(refusalOf(answer, tokens.isAsked))
    else admitted(answer)
  }

  function admitted(answer: ConnectResult): void {
    const { attempt } = machine
    const { client, ping = 0, pong = false } = answer
    answersPings = pong
    tokens.holds(answer)
    transport?.greeted?.(answer)
    machine.greeted(client, ping * 1000, nowMs(), transport?.over ?? choice.present.name)
    if (machine.state.phase === 'connected') choice.connected()
    apply()
    // Whoever heard that it is connected may have ended it.
    if (machine.state.phase === 'connected' && attempt === machine.attempt) host.joined(answer)
  }

  function take(packet: HubPacket): void {
    const { id, push } = packet as { readonly id?: number; readonly push?: Push }
    if (id) commands.reply(packet as ReplyPacket)
    else if (push === undefined) {
      if (answersPings) commands.push(PING_PACKET)
    } else if ('disconnect' in push) {
      const { code, reason: text, delay_ms: delayMs } = push.disconnect
      end(reasonOfCode(code, { text, delayMs }))
    } else if ('refresh' in push) tokens.holds(push.refresh)
    else host.pushed(push)
  }

  const connection: Connection = {
    get state() {
      return machine.state
    },
    connect() {
      unwatch ??= watch?.((what) => apply(machine.noticed(what, nowMs())))
      apply(machine.connect(nowMs()))
    },
    disconnect: () => apply(machine.disconnect()),
    end,
    learned(reason) {
      machine.learned(reason, nowMs())
      apply()
    },
    send,
  }
  const { transport: given } = options
  const choice: TransportChoice =
    typeof given === 'function'
      ? given({ ...host, connection, isBusy: () => transport?.isBusy })
      : { present: given, connected() {}, ended() {} }
  return connection
}
