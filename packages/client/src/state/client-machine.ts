import { type CloseReason, closeReason } from '../reason/close-reason.ts'
import { backoffDelay, type ResolvedBackoff } from '../time/backoff.ts'
import type { ClientState } from './client-state.ts'
import type { TokenSource } from './token-source.ts'

/** What the driver is to do. */
export type ClientEffect =
  /** Ask for a token, and tell `authorized`, or `ended`. */
  | 'authorize'
  /** Open a transport and greet the hub, and tell `greeted`, or `ended`. */
  | 'open'
  /** Drop the transport, and whatever else belongs to the attempt. */
  | 'close'
  /** Ask the hub for a sign of life. */
  | 'probe'

/** What the machine goes by. */
export interface ClientTimes extends ResolvedBackoff {
  /** For a token, and then for the opening and the greeting of a transport, in milliseconds. */
  readonly connectTimeoutMs: number
  /** Silence beyond the hub's own interval, in milliseconds. */
  readonly maxPingDelayMs: number
  /** For the answer of a suspect connection, in milliseconds. */
  readonly probeTimeoutMs: number
  /** What the hub may ask to wait at most, in milliseconds. */
  readonly maxAdvisedDelayMs: number
}

/** What is going on within a phase. */
type Step =
  | { readonly name: 'idle' }
  | { readonly name: 'waiting'; readonly untilMs: number; readonly isAdvised: boolean }
  | { readonly name: 'authorizing'; readonly untilMs: number }
  | { readonly name: 'opening'; readonly untilMs: number }
  | { readonly name: 'open'; readonly sinceMs: number; readonly silenceMs: number }

const IDLE: Step = { name: 'idle' }
/** A connection that lasted so long was good: the next failure is a first one. */
const STABLE_MS = 5000
/** Who was heard so recently is alive. */
const FRESH_MS = 1000

/**
 * A client's connections, one after the other: when to attempt, when to wait, when to give up. Pure: it is told what happens
 * and when, and returns what to do. Each attempt has a number, and what an earlier one has still to tell is passed over.
 */
export class ClientMachine {
  readonly #times: ClientTimes
  readonly #random: () => number
  readonly #hasTokens: boolean
  readonly #advise: (reason: CloseReason) => CloseReason
  #state: ClientState
  #step: Step = IDLE
  #attempt = 0
  #failures = 0
  #needsToken: boolean
  /** When something was heard last, in milliseconds; and until when a suspect has time to answer. */
  #heardMs = 0
  #suspectUntilMs = 0

  /** `tokens`: whether there is somebody to ask for them, and whether there is one to begin with. `advise` is asked of every reason. */
  constructor(
    times: ClientTimes,
    tokens: TokenSource,
    random: () => number,
    advise: (reason: CloseReason) => CloseReason = (reason) => reason,
  ) {
    this.#times = times
    this.#hasTokens = tokens !== 'none'
    this.#needsToken = tokens === 'asked'
    this.#random = random
    this.#advise = advise
    this.#state = { phase: 'disconnected', reason: advise(closeReason('initial')) }
  }

  /** The same object until something changes. */
  get state(): ClientState {
    return this.#state
  }

  /** The number of the present attempt, or of the last one. */
  get attempt(): number {
    return this.#attempt
  }

  /** When `tick` wants to be called, in milliseconds; Infinity: not at all. */
  nextDeadlineMs(): number {
    const step = this.#step
    if (step.name === 'idle') return Number.POSITIVE_INFINITY
    if (step.name !== 'open') return step.untilMs
    return this.#isSuspect ? this.#suspectUntilMs : this.#heardMs + step.silenceMs
  }

  /** The application wants a connection. */
  connect(nowMs: number): ClientEffect | undefined {
    if (this.#state.phase !== 'disconnected') return undefined
    this.#failures = 0
    this.#setConnecting(closeReason('connectCalled'))
    return this.#begin(nowMs)
  }

  /** The application wants none any more. */
  disconnect(): ClientEffect | undefined {
    if (this.#state.phase === 'disconnected') return undefined
    return this.#stay(closeReason('disconnectCalled'))
  }

  /** There is a token. */
  authorized(attempt: number, nowMs: number): ClientEffect | undefined {
    if (attempt !== this.#attempt || this.#step.name !== 'authorizing') return undefined
    this.#needsToken = false
    return this.#open(nowMs)
  }

  /** The hub has let the client in. `pingMs`: how often it pings; 0: it does not. */
  greeted(attempt: number, client: string, pingMs: number, nowMs: number): void {
    if (attempt !== this.#attempt || this.#step.name !== 'opening') return
    const silenceMs = pingMs > 0 ? pingMs + this.#times.maxPingDelayMs : Number.POSITIVE_INFINITY
    this.#step = { name: 'open', sinceMs: nowMs, silenceMs }
    this.#heardMs = nowMs
    this.#state = { phase: 'connected', client, isSuspect: false }
  }

  /** The attempt, or the connection that it became, is over. */
  ended(attempt: number, reason: CloseReason, nowMs: number): ClientEffect | undefined {
    if (attempt !== this.#attempt || this.#step.name === 'idle' || this.#step.name === 'waiting') return undefined
    return this.#end(reason, nowMs)
  }

  /** Something came from the hub. */
  heard(nowMs: number): void {
    this.#heardMs = nowMs
    if (this.#isSuspect) this.#setSuspect(false)
  }

  /** The device, the network or the page is back: what was put off is due, and what seems to be connected may not be. */
  woke(nowMs: number): ClientEffect | undefined {
    const step = this.#step
    // A time that the hub gave stands: it knows of all the others that come back.
    return step.name === 'waiting' && !step.isAdvised ? this.#begin(nowMs) : this.doubt(nowMs)
  }

  /** What seems to be connected may not be. */
  doubt(nowMs: number): ClientEffect | undefined {
    const isStale = this.#step.name === 'open' && !this.#isSuspect && nowMs - this.#heardMs > FRESH_MS
    return isStale ? this.#suspect(nowMs) : this.tick(nowMs)
  }

  /** Time has gone by. */
  tick(nowMs: number): ClientEffect | undefined {
    if (nowMs < this.nextDeadlineMs()) return undefined
    switch (this.#step.name) {
      case 'idle':
        return undefined
      case 'waiting':
        return this.#begin(nowMs)
      case 'authorizing':
        return this.#end(closeReason('tokenFailed', { text: 'getToken took too long' }), nowMs)
      case 'opening':
        return this.#end(closeReason('connectTimeout'), nowMs)
      case 'open':
        // A timer may be late because all was asleep, with what came in still to be read: asking tells.
        return this.#isSuspect ? this.#end(closeReason('noPing'), nowMs) : this.#suspect(nowMs)
    }
  }

  get #isSuspect(): boolean {
    return this.#state.phase === 'connected' && this.#state.isSuspect
  }

  #suspect(nowMs: number): ClientEffect {
    this.#suspectUntilMs = nowMs + this.#times.probeTimeoutMs
    this.#setSuspect(true)
    return 'probe'
  }

  #setSuspect(isSuspect: boolean): void {
    if (this.#state.phase === 'connected') this.#state = { ...this.#state, isSuspect }
  }

  #setConnecting(reason: CloseReason): void {
    this.#state = { phase: 'connecting', reason: this.#advise(reason), failures: this.#failures }
  }

  #begin(nowMs: number): ClientEffect {
    this.#attempt++
    if (!this.#needsToken) return this.#open(nowMs)
    this.#step = { name: 'authorizing', untilMs: nowMs + this.#times.connectTimeoutMs }
    return 'authorize'
  }

  #open(nowMs: number): ClientEffect {
    this.#step = { name: 'opening', untilMs: nowMs + this.#times.connectTimeoutMs }
    return 'open'
  }

  #end(reason: CloseReason, nowMs: number): ClientEffect {
    const step = this.#step
    if (step.name === 'open' && nowMs - step.sinceMs >= STABLE_MS) this.#failures = 0
    if (!reason.retryable) return this.#stay(reason)
    // Another token helps at once; where it does not, it is a failure like any other.
    const isToken = EXPIRED.has(reason.name)
    if (isToken || reason.name === 'stateInvalidated') this.#needsToken = this.#hasTokens
    const delayMs = isToken && this.#failures === 0 ? 0 : this.#backoff()
    const { delayMs: advisedMs } = reason
    this.#step = {
      name: 'waiting',
      untilMs: nowMs + (advisedMs === undefined ? delayMs : Math.min(advisedMs, this.#times.maxAdvisedDelayMs)),
      isAdvised: advisedMs !== undefined,
    }
    this.#failures++
    this.#setConnecting(reason)
    return 'close'
  }

  #backoff(): number {
    return backoffDelay(this.#times, this.#failures, this.#random())
  }

  #stay(reason: CloseReason): ClientEffect {
    this.#step = IDLE
    // Whoever connects again has perhaps logged in meanwhile.
    if (reason.name !== 'disconnectCalled') this.#needsToken = this.#hasTokens
    this.#state = { phase: 'disconnected', reason: this.#advise(reason) }
    return 'close'
  }
}

/** After these the token that there is will not do, and another one may. */
const EXPIRED: ReadonlySet<string> = new Set(['tokenExpired', 'expired'])
