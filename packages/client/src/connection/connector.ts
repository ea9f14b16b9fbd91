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
import type { Answer, CommandTable } from '../command/command-table.ts'
import { batchesOf, type Outgoing } from '../command/outgoing.ts'
import type { Environment } from '../environment/environment.ts'
import { ClientError } from '../error/client-error.ts'
import { type CloseReason, type CloseReasonName, closeReason, reasonOfCode } from '../reason/close-reason.ts'
import { type ClientEffect, ClientMachine, type ClientTimes } from '../state/client-machine.ts'
import type { ClientState } from '../state/client-state.ts'
import { inOrder } from '../transport/in-order.ts'
import type { OpenTransport, Transport, TransportChoice, TransportChoiceHost } from '../transport/transport.ts'
import type { CreateTokens, TokenFailure, Tokens } from './tokens.ts'

/** Who hears what becomes of the connection. */
export interface ConnectorSink {
  /** The hub is greeted: what goes along is sent now. Returns what the connect command says. */
  greet(token: string | undefined): ConnectRequest
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
  /** Something is due at that time. */
  due(atMs: number): void
}

/** What a connector is made of. */
export interface ConnectorParts {
  readonly url: URL
  readonly transports: readonly Transport[]
  readonly times: ClientTimes & { readonly moveUpDelayMs: number }
  readonly environment: Environment
  readonly commands: CommandTable
  readonly outgoing: Outgoing
  readonly createTokens: CreateTokens
  /** Knows more of what is to be done about a reason. */
  readonly advise: ((reason: CloseReason) => CloseReason) | undefined
}

// The compiler compares it with the protocol's.
const TOKEN_EXPIRED: typeof ErrorCode.tokenExpired = 109
const UNAUTHORIZED: typeof ErrorCode.unauthorized = 101

/** Keeps a connection, for as long as one is wanted: does what the machine decides, and tells it what came of it. */
export class Connector {
  readonly #parts: ConnectorParts
  readonly #sink: ConnectorSink
  readonly #machine: ClientMachine
  readonly #tokens: Tokens
  readonly #choice: TransportChoice
  #transport: OpenTransport | undefined
  #state: ClientState
  /** Whether the hub wants answers to its pings. */
  #answersPings = false
  #unwatch: (() => void) | undefined

  constructor(parts: ConnectorParts, sink: ConnectorSink) {
    const { times, createTokens, environment, transports, url } = parts
    const { nowMs, random } = environment
    this.#parts = parts
    this.#sink = sink
    this.#tokens = createTokens({
      backoff: times,
      nowMs,
      random,
      due: sink.due,
      failed: sink.failed,
      renew: (token, done) => {
        parts.commands.ask('refresh', { token }, nowMs() + times.connectTimeoutMs, done)
      },
      isPatient: (failure) => this.#isPatient(failure),
    })
    this.#machine = new ClientMachine(times, this.#tokens.source, random, parts.advise)
    this.#state = this.#machine.state
    const host: TransportChoiceHost = {
      ...environment,
      ...times,
      url,
      canMove: () => this.#canMove(),
      move: () => this.end(closeReason('movedUp', { delayMs: 0 })),
    }
    this.#choice = transports.find(({ choose }) => choose)?.choose?.(transports, host) ?? inOrder(transports)
  }

  get state(): ClientState {
    return this.#machine.state
  }

  connect(): void {
    this.#apply(this.#machine.connect(this.#nowMs()))
    this.#unwatch ??= this.#parts.environment.watch((what) => {
      const nowMs = this.#nowMs()
      this.#apply(what === 'woke' ? this.#machine.woke(nowMs) : this.#machine.doubt(nowMs))
    })
  }

  disconnect(): void {
    this.#apply(this.#machine.disconnect())
  }

  /** The connection is no good: it is dropped, and what follows from the reason is done. */
  end(reason: CloseReason): void {
    this.#end(this.#machine.attempt, reason)
  }

  /** Sends a message. */
  send(text: string): void {
    this.#transport?.send(text)
  }

  nextDeadlineMs(): number {
    return Math.min(this.#machine.nextDeadlineMs(), this.#tokens.nextDeadlineMs())
  }

  tick(nowMs: number): void {
    this.#apply(this.#machine.tick(nowMs))
    this.#tokens.tick(nowMs)
  }

  #canMove(): boolean {
    const { state } = this.#machine
    return state.phase === 'connected' && !state.isSuspect && !this.#transport?.isBusy && this.#sink.canMove()
  }

  #nowMs(): number {
    return this.#parts.environment.nowMs()
  }

  #apply(effect: ClientEffect | undefined): void {
    const { state } = this.#machine
    if (effect === 'close') {
      this.#drop()
      if (state.phase !== 'connected') this.#choice.ended(state.reason)
    }
    if (state !== this.#state) {
      this.#state = state
      if (state.phase === 'disconnected') {
        this.#unwatch?.()
        this.#unwatch = undefined
      }
      this.#sink.changed(state)
      // A handler has gone on from there: this is the past.
      if (state !== this.#machine.state) return
    }
    if (effect === 'authorize') this.#authorize()
    else if (effect === 'open') this.#open()
    else if (effect === 'probe') this.#probe()
    this.#sink.due(this.#machine.nextDeadlineMs())
  }

  #end(attempt: number, reason: CloseReason): void {
    this.#apply(this.#machine.ended(attempt, reason, this.#nowMs()))
  }

  #drop(): void {
    this.#tokens.stop()
    this.#transport?.close()
    this.#transport = undefined
    this.#parts.outgoing.take()
    this.#sink.dropped()
  }

  #authorize(): void {
    const { attempt } = this.#machine
    this.#tokens.ask((failure) => {
      if (failure === undefined) this.#apply(this.#machine.authorized(attempt, this.#nowMs()))
      else this.#end(attempt, closeReason(failure.name, failure))
    })
  }

  #open(): void {
    const { attempt } = this.#machine
    const { url, environment } = this.#parts
    const isPresent = (): boolean => attempt === this.#machine.attempt
    this.#transport = this.#choice.present.open(url, {
      greeting: () => (isPresent() ? this.#greeting(attempt) : ''),
      received: (text) => isPresent() && this.#receive(attempt, text),
      closed: (reason) => this.#end(attempt, reason),
      after: environment.after,
    })
  }

  #greeting(attempt: number): string {
    const { commands, outgoing } = this.#parts
    outgoing.take()
    const request = this.#sink.greet(this.#tokens.token)
    const behind = outgoing.take()
    commands.ask('connect', request, Number.POSITIVE_INFINITY, (answer) => this.#greeted(attempt, answer))
    const [first = '', ...rest] = batchesOf([...outgoing.take(), ...behind])
    // The first is sent when this has returned.
    if (rest.length > 0) queueMicrotask(() => rest.forEach((text) => void this.#transport?.send(text)))
    return first
  }

  #greeted(attempt: number, answer: Answer<'connect'>): void {
    if (answer instanceof ClientError) this.#end(attempt, this.#refusal(answer))
    else this.#admitted(attempt, answer)
  }

  #admitted(attempt: number, answer: ConnectResult): void {
    const { client, ping = 0, pong = false } = answer
    this.#answersPings = pong
    this.#tokens.holds(answer)
    this.#transport?.greeted?.(answer)
    this.#machine.greeted(attempt, client, ping * 1000, this.#nowMs())
    if (this.#machine.state.phase === 'connected') this.#choice.connected()
    this.#apply(undefined)
    // Whoever heard that it is connected may have ended it.
    if (this.#machine.state.phase === 'connected' && attempt === this.#machine.attempt) this.#sink.joined(answer)
  }

  /** What it means that the hub answered the connect or the refresh command with an error. */
  #refusal({ number = 0, message, temporary }: ClientError): CloseReason {
    const details = { code: number, text: message }
    let name: CloseReasonName = temporary || isTemporary(number) ? 'refusedForNow' : 'refused'
    if (number === TOKEN_EXPIRED) name = this.#tokens.source === 'none' ? 'unauthorized' : 'tokenExpired'
    if (number === UNAUTHORIZED) name = 'unauthorized'
    return closeReason(name, details)
  }

  /** Without another token the hub ends the session in time, which comes back with one. */
  #isPatient(failure: TokenFailure | ClientError): boolean {
    const reason = failure instanceof ClientError ? this.#refusal(failure) : closeReason(failure.name, failure)
    const isPatient = reason.name === 'refusedForNow' || reason.name === 'tokenFailed'
    if (!isPatient) this.end(reason)
    return isPatient
  }

  #probe(): void {
    // Whatever comes is an answer.
    this.#parts.commands.ask('ping', {}, this.#nowMs() + this.#parts.times.probeTimeoutMs, () => {})
  }

  #receive(attempt: number, text: string): void {
    this.#machine.heard(this.#nowMs())
    if (this.#machine.state !== this.#state) this.#apply(undefined)
    const packets = decodePackets(text)
    if (packets === undefined) this.#end(attempt, notAHub('no JSON'))
    else for (const packet of packets) this.#take(attempt, packet)
  }

  #take(attempt: number, packet: HubPacket): void {
    // A handler may have ended it, and what else came with it is void then.
    if (attempt !== this.#machine.attempt || this.#transport === undefined) return
    try {
      this.#understand(attempt, packet)
    } catch (cause) {
      // Handlers do not throw up to here: a packet was not what it must be.
      this.#end(attempt, notAHub('no packet', cause))
    }
  }

  #understand(attempt: number, packet: HubPacket): void {
    const { id, push } = packet as { readonly id?: number; readonly push?: Push }
    if (id) this.#parts.commands.reply(packet as ReplyPacket)
    else if (push === undefined) this.#pong()
    else if ('disconnect' in push) {
      const { code, reason: text, delay_ms: delayMs } = push.disconnect
      this.#end(attempt, reasonOfCode(code, { text, ...(delayMs !== undefined && { delayMs }) }))
    } else if ('refresh' in push) this.#tokens.holds(push.refresh)
    else this.#sink.pushed(push)
  }

  #pong(): void {
    if (this.#answersPings) this.#parts.outgoing.push(PING_PACKET)
  }
}

function notAHub(what: string, cause?: unknown): CloseReason {
  return closeReason('notAHub', { text: `${what} came`, cause })
}
