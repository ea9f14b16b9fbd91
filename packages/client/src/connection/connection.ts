import {
  type ConnectRequest,
  type ConnectResult,
  decodePackets,
  type ErrorCode,
  type HubPacket,
  isTemporary,
  PING_PACKET,
  type Push,
  type ReplyPacket,
} from '@wigwag/protocol'
import type { Commands } from '../command/commands.ts'
import type { Outgoing } from '../command/outgoing.ts'
import type { Environment } from '../environment/environment.ts'
import { ClientError } from '../error/client-error.ts'
import type { CreateDiagnosis } from '../http/diagnosis.ts'
import { type CloseReason, closeReason, type OwnReasonName, reasonOfCode } from '../reason/close-reason.ts'
import { type ClientEffect, type ClientTimes, createClientMachine } from '../state/client-machine.ts'
import type { ClientState } from '../state/client-state.ts'
import { createAlarm } from '../time/alarm.ts'
import { inOrder } from '../transport/in-order.ts'
import { sessionUrl } from '../transport/session-url.ts'
import type { OpenTransport, Transport, TransportChoice } from '../transport/transport.ts'
import { type CreateTokens, createTokens, type TokenFailure, type Tokens } from './tokens.ts'

/** Those of a client's options that its connection goes by. */
interface ConnectionOptions extends ClientTimes {
  readonly token?: string | CreateTokens
  readonly transports: readonly Transport[]
  readonly moveUpDelayMs: number
  readonly environment: Environment
  /** Knows more of what is to be done about a reason. */
  readonly advise?: (reason: CloseReason) => CloseReason
  /** Finds out why a WebSocket did not open. */
  readonly diagnose?: CreateDiagnosis
}

/** What a connection is made of, and who hears what becomes of it. */
export interface ConnectionHost {
  readonly url: URL
  readonly options: ConnectionOptions
  readonly commands: Commands
  readonly outgoing: Outgoing
  /** What the connect command says. */
  greeting(token: string | undefined): ConnectRequest
  /** The hub is greeted: what goes along is sent now. */
  greeted(): void
  /** The hub has let the client in. */
  joined(result: ConnectResult): void
  /** What was sent over the transport is lost; there may have been none. */
  dropped(): void
  /** Another state. */
  changed(state: ClientState): void
  pushed(push: Push): void
  failed(error: ClientError): void
  /** Whether all that is under way is recovered over another connection. */
  canMove(): boolean
}

/** Keeps a connection, for as long as one is wanted: does what the machine decides, and tells it what came of it. */
export interface Connection {
  readonly state: ClientState
  connect(): void
  disconnect(): void
  /** It is no good: it is dropped, and what follows from the reason is done. */
  end(reason: CloseReason): void
  /** Sends a message. */
  send(text: string): void
}

// The compiler compares them with the protocol's.
const TOKEN_EXPIRED: typeof ErrorCode.tokenExpired = 109
const UNAUTHORIZED: typeof ErrorCode.unauthorized = 101

export function createConnection(host: ConnectionHost): Connection {
  const { url, options, commands, outgoing } = host
  const { environment, transports, probeTimeoutMs, connectTimeoutMs: timeoutMs } = options
  const { nowMs, after, random, watch } = environment
  let transport: OpenTransport | undefined
  /** Whether the hub wants answers to its pings. */
  let answersPings = false
  let unwatch: (() => void) | undefined

  const tokens: Tokens = createTokens(options.token, {
    environment,
    commands,
    timeoutMs,
    backoff: options,
    failed: host.failed,
    isPatient,
  })
  const machine = createClientMachine(options, random, options.advise)
  const diagnose = options.diagnose?.(sessionUrl(url, 'websocket'), nowMs)
  let told = machine.state
  const choice: TransportChoice =
    transports
      .find(({ choose }) => choose)
      ?.choose?.(transports, {
        ...environment,
        ...options,
        url,
        canMove: () =>
          machine.state.phase === 'connected' && !machine.state.isSuspect && !transport?.isBusy && host.canMove(),
        move: () => end(closeReason('movedUp', { delayMs: 0 })),
      }) ?? inOrder(transports)
  const setAlarm = createAlarm(environment, (now) => apply(machine.tick(now)))

  function apply(effect?: ClientEffect): void {
    const { state } = machine
    if (effect === 'close') {
      drop()
      if (state.phase !== 'connected') choice.ended(state.reason)
    }
    if (state !== told) {
      told = state
      if (state.phase === 'disconnected') {
        unwatch?.()
        unwatch = undefined
      }
      host.changed(state)
      // A handler has gone on from there: this is the past.
      if (state !== machine.state) return
    }
    if (effect === 'authorize') authorize()
    else if (effect === 'open') open()
    // Whatever comes is an answer, and how long that may take the machine knows.
    else if (effect === 'probe') commands.ask('ping', {}, probeTimeoutMs, () => {})
    setAlarm(machine.nextDeadlineMs())
  }

  function end(reason: CloseReason, attempt = machine.attempt): void {
    const { present } = choice
    apply(machine.ended(attempt, reason, nowMs()))
    // Where another transport is next, what becomes of that tells more.
    if (choice.present !== present) return
    diagnose?.(reason, (found) => {
      machine.learned(attempt, found, nowMs())
      apply()
    })
  }

  function drop(): void {
    const { state } = machine
    tokens.stop(state)
    transport?.close(state.phase === 'connected' ? undefined : state.reason)
    transport = undefined
    outgoing.take()
    host.dropped()
  }

  function authorize(): void {
    const { attempt } = machine
    tokens.ask((failure) => {
      if (failure === undefined) apply(machine.authorized(attempt, nowMs()))
      else end(reasonOf(failure), attempt)
    })
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
        if (packets === undefined) end(notAHub('no JSON'), attempt)
        // A handler may have ended it, and what else came with it is void then.
        else for (const packet of packets) if (isPresent()) take(packet)
      } catch (cause) {
        // Handlers do not throw up to here: a packet was not what it must be.
        end(notAHub('no packet', cause), attempt)
      }
    }

    transport = choice.present.open(url, {
      greeting: () => (isPresent() ? greet() : ''),
      received,
      closed: (reason) => end(reason, attempt),
      after,
    })
  }

  function greet(): string {
    outgoing.take()
    commands.ask('connect', host.greeting(tokens.token), Number.POSITIVE_INFINITY, greeted)
    host.greeted()
    const [first = '', ...rest] = outgoing.take()
    // The first is sent when this has returned.
    if (rest.length > 0) queueMicrotask(() => rest.forEach(send))
    return first
  }

  function send(text: string): void {
    transport?.send(text)
  }

  function greeted(answer: ConnectResult | ClientError): void {
    if (answer instanceof ClientError) end(reasonOf(answer))
    else admitted(answer)
  }

  function admitted(answer: ConnectResult): void {
    const { attempt } = machine
    const { client, ping = 0, pong = false } = answer
    answersPings = pong
    tokens.holds(answer)
    transport?.greeted?.(answer)
    machine.greeted(attempt, client, ping * 1000, nowMs(), transport?.over ?? choice.present.name)
    if (machine.state.phase === 'connected') choice.connected()
    apply()
    // Whoever heard that it is connected may have ended it.
    if (machine.state.phase === 'connected' && attempt === machine.attempt) host.joined(answer)
  }

  function take(packet: HubPacket): void {
    const { id, push } = packet as { readonly id?: number; readonly push?: Push }
    if (id) commands.reply(packet as ReplyPacket)
    else if (push === undefined) {
      if (answersPings) outgoing.push(PING_PACKET)
    } else if ('disconnect' in push) {
      const { code, reason: text, delay_ms: delayMs } = push.disconnect
      end(reasonOfCode(code, { text, ...(delayMs !== undefined && { delayMs }) }))
    } else if ('refresh' in push) tokens.holds(push.refresh)
    else host.pushed(push)
  }

  /** What it means that there is no token, or that the hub answered the connect or the refresh command with an error. */
  function reasonOf(failure: TokenFailure | ClientError): CloseReason {
    if (!(failure instanceof ClientError)) return closeReason(failure.name, failure)
    const { number: code = 0, message: text, temporary } = failure
    let name: OwnReasonName = temporary || isTemporary(code) ? 'refusedForNow' : 'refused'
    if (code === TOKEN_EXPIRED) name = tokens.isAsked ? 'tokenExpired' : 'unauthorized'
    if (code === UNAUTHORIZED) name = 'unauthorized'
    return closeReason(name, { code, text })
  }

  /** Without another token the hub ends the session in time, which comes back with one. */
  function isPatient(failure: TokenFailure | ClientError): boolean {
    const reason = reasonOf(failure)
    if (reason.name === 'refusedForNow' || reason.name === 'tokenFailed') return true
    end(reason)
    return false
  }

  return {
    get state() {
      return machine.state
    },
    connect() {
      unwatch ??= watch((what) => apply(what === 'woke' ? machine.woke(nowMs()) : machine.doubt(nowMs())))
      apply(machine.connect(nowMs()))
    },
    disconnect: () => apply(machine.disconnect()),
    end,
    send,
  }
}

function notAHub(what: string, cause?: unknown): CloseReason {
  return closeReason('notAHub', { text: `${what} came`, cause })
}
