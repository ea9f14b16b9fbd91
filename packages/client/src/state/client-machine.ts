import { type CloseReason, closeReason } from '../reason/close-reason.ts'
import { backoffDelay, type ResolvedBackoff } from '../time/backoff.ts'
import { NEVER } from '../time/never.ts'
import type { ClientState } from './client-state.ts'

/** What the driver is to do. */
export type ClientEffect =
  /** See to it that there is a token, and tell `authorized`, or `ended`. */
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

/**
 * A client's connections, one after the other: when to attempt, when to wait, when to give up. Pure: it is told what happens
 * and when, and returns what to do. What an earlier attempt has still to tell, whoever asked it passes over: see `during`.
 */
export interface ClientMachine {
  /** The same object until something changes. */
  readonly state: ClientState
  /** Another number with each attempt, and with each decision to make none. */
  readonly attempt: number
  /** When `tick` wants to be called, in milliseconds; Infinity: not at all. */
  nextDeadlineMs(): number
  /** The application wants a connection. */
  connect(nowMs: number): ClientEffect | undefined
  /** The application wants none any more. */
  disconnect(): ClientEffect | undefined
  /** There is a token, or none is needed. */
  authorized(nowMs: number): ClientEffect | undefined
  /** The hub has let the client in over `transport`. `pingMs`: how often it pings; 0: it does not. */
  greeted(client: string, pingMs: number, nowMs: number, transport?: string): void
  /** The attempt, or the connection that it became, is over. */
  ended(reason: CloseReason, nowMs: number): ClientEffect | undefined
  /** More is known of why an attempt ended: as long as the next has not begun, that is the reason, and its delay stands. */
  learned(reason: CloseReason, nowMs: number): void
  /** Something came from the hub. */
  heard(nowMs: number): void
  /**
   * The network is gone, or device, network or page are back: what seems to be connected may not be; and when one woke, what was put off
   * is due.
   */
  noticed(what: 'woke' | 'offline', nowMs: number): ClientEffect | undefined
  /** Time has gone by. */
  tick(nowMs: number): ClientEffect | undefined
}

/** What is going on: nothing, or what takes until something is told, or is due. */
type Step = 'idle' | 'waiting' | 'authorizing' | 'opening' | 'open' | 'suspect'

/** A connection that lasted so long was good: the next failure is a first one. */
const STABLE_MS = 5000
/** Who was heard so recently is alive. */
const FRESH_MS = 1000

/** What it means that a step took too long. */
const TOO_LATE = { idle: 'initial', authorizing: 'tokenFailed', opening: 'connectTimeout', suspect: 'noPing' } as const

/** `advise` is asked of every reason. */
export function createClientMachine(
  times: ClientTimes,
  random: () => number,
  advise: (reason: CloseReason) => CloseReason = (reason) => reason,
): ClientMachine {
  let state: ClientState = { phase: 'disconnected', reason: advise(closeReason('initial')) }
  let step: Step = 'idle'
  /** When the step has taken too long, or long enough. */
  let dueMs = NEVER
  let attempt = 0
  let failures = 0
  /** Whether the hub has said how long to wait. */
  let isAdvised = false
  let openedMs = 0
  let heardMs = 0
  /** How long an open connection may be silent. */
  let silenceMs = 0

  function go(next: Step, untilMs: number): void {
    step = next
    dueMs = untilMs
  }

  function nextDeadlineMs(): number {
    return step === 'open' ? heardMs + silenceMs : dueMs
  }

  function begin(nowMs: number): ClientEffect {
    attempt++
    go('authorizing', nowMs + times.connectTimeoutMs)
    return 'authorize'
  }

  function setSuspect(isSuspect: boolean): void {
    state = { ...(state as ClientState & { readonly phase: 'connected' }), isSuspect }
  }

  function suspect(nowMs: number): ClientEffect {
    go('suspect', nowMs + times.probeTimeoutMs)
    setSuspect(true)
    return 'probe'
  }

  function stay(reason: CloseReason): ClientEffect {
    attempt++
    go('idle', NEVER)
    state = { phase: 'disconnected', reason: advise(reason) }
    return 'close'
  }

  function end(reason: CloseReason, nowMs: number): ClientEffect {
    if (state.phase === 'connected' && nowMs - openedMs >= STABLE_MS) failures = 0
    if (!reason.retryable) return stay(reason)
    // Another token helps at once; where it does not, it is a failure like any other.
    const isToken = reason.name === 'tokenExpired' || reason.name === 'expired'
    go('waiting', nowMs + (isToken && failures === 0 ? 0 : backoffDelay(times, failures, random())))
    failures++
    isAdvised = false
    learn(reason, nowMs)
    return 'close'
  }

  function learn(reason: CloseReason, nowMs: number): void {
    if (reason.delayMs !== undefined) {
      isAdvised = true
      dueMs = nowMs + Math.min(reason.delayMs, times.maxAdvisedDelayMs)
    }
    state = { phase: 'connecting', reason: advise(reason), failures, delayMs: Math.max(0, dueMs - nowMs) }
  }

  function tick(nowMs: number): ClientEffect | undefined {
    if (nowMs < nextDeadlineMs()) return undefined
    if (step === 'waiting') return begin(nowMs)
    // A timer may be late because all was asleep, with what came in still to be read: asking tells.
    if (step === 'open') return suspect(nowMs)
    return end(closeReason(TOO_LATE[step]), nowMs)
  }

  return {
    get state() {
      return state
    },
    get attempt() {
      return attempt
    },
    nextDeadlineMs,
    connect(nowMs) {
      if (step !== 'idle') return undefined
      failures = 0
      dueMs = nowMs
      learn(closeReason('connectCalled'), nowMs)
      return begin(nowMs)
    },
    // Before the first attempt, too, it is a decision.
    disconnect: () => (step === 'idle' && attempt ? undefined : stay(closeReason('disconnectCalled'))),
    authorized(nowMs) {
      if (step !== 'authorizing') return undefined
      go('opening', nowMs + times.connectTimeoutMs)
      return 'open'
    },
    greeted(client, pingMs, nowMs, transport = '') {
      if (step !== 'opening') return
      silenceMs = pingMs > 0 ? pingMs + times.maxPingDelayMs : NEVER
      step = 'open'
      openedMs = heardMs = nowMs
      state = { phase: 'connected', client, transport, isSuspect: false }
    },
    ended: (reason, nowMs) => (step === 'idle' || step === 'waiting' ? undefined : end(reason, nowMs)),
    learned(reason, nowMs) {
      if (step === 'waiting') learn(reason, nowMs)
    },
    heard(nowMs) {
      heardMs = nowMs
      if (step !== 'suspect') return
      step = 'open'
      setSuspect(false)
    },
    noticed(what, nowMs) {
      // A time that the hub gave stands: it knows of all the others that come back.
      if (what === 'woke' && step === 'waiting' && !isAdvised) return begin(nowMs)
      return step === 'open' && nowMs - heardMs > FRESH_MS ? suspect(nowMs) : tick(nowMs)
    },
    tick,
  }
}
