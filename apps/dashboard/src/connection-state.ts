/** The connection of the page as one union, and what each event makes of it. No clock, no socket: they come in. */

export interface CloseInfo {
  readonly code: number
  readonly reason: string
}

/** What went wrong, in the terms of whoever noticed. */
export type Trouble =
  /** An open connection was closed by the server or by the network. */
  | { readonly type: 'closed'; readonly close: CloseInfo }
  /** The handshake failed. A browser hides why, so the server is being asked over HTTP. */
  | { readonly type: 'asking' }
  | { readonly type: 'refused'; readonly status: number; readonly text: string }
  | { readonly type: 'unreachable' }
  /** HTTP gets through to the channel, WebSocket does not. */
  | { readonly type: 'no-upgrade' }
  | { readonly type: 'timed-out' }

/** What the server answered when asked over HTTP why a handshake failed. */
export type Answer = Extract<Trouble, { type: 'refused' | 'unreachable' | 'no-upgrade' }>

export type ConnectionState =
  | {
      readonly phase: 'connecting'
      readonly attempt: number
      readonly deadlineMs: number
      readonly trouble: Trouble | undefined
    }
  | { readonly phase: 'open'; readonly attempt: number; readonly sinceMs: number }
  | { readonly phase: 'closing'; readonly deadlineMs: number }
  | { readonly phase: 'waiting'; readonly attempt: number; readonly reconnectAtMs: number; readonly trouble: Trouble }
  | { readonly phase: 'closed'; readonly trouble: Trouble | undefined }

export type ConnectionEvent =
  /** The user wants a connection, to the same channel or to another. */
  | { readonly type: 'connect' }
  | { readonly type: 'disconnect' }
  /** The network is back or the page is looked at again: a good moment to try. */
  | { readonly type: 'hurry' }
  | { readonly type: 'socket-opened' }
  | { readonly type: 'socket-closed'; readonly close: CloseInfo }
  | { readonly type: 'server-answered'; readonly answer: Answer }
  | { readonly type: 'woken' }

export type Effect =
  | { readonly type: 'open-socket' }
  /** Starts the closing handshake. */
  | { readonly type: 'close-socket' }
  /** Forgets the socket: nothing it says later counts. */
  | { readonly type: 'drop-socket' }
  | { readonly type: 'ask-server' }

export interface Surroundings {
  readonly nowMs: number
  /** From 0 to 1. */
  readonly random: number
}

export interface Step {
  readonly state: ConnectionState
  readonly effects: readonly Effect[]
}

const HANDSHAKE_TIMEOUT_MS = 15_000
const CLOSE_TIMEOUT_MS = 5_000
const FIRST_BACKOFF_MS = 500
const MAX_BACKOFF_MS = 20_000
/** A connection that lived this long was a good one: the next backoff starts small again. */
const GOOD_CONNECTION_MS = 5_000

export const INITIAL_STATE: ConnectionState = { phase: 'closed', trouble: undefined }

export function stepConnection(state: ConnectionState, event: ConnectionEvent, around: Surroundings): Step {
  switch (event.type) {
    case 'connect':
      return connectNow(0, undefined, around, hasSocket(state) ? [{ type: 'drop-socket' }] : [])
    case 'disconnect':
      return disconnect(state, around)
    case 'hurry':
      return state.phase === 'waiting' ? connectNow(state.attempt, state.trouble, around) : stay(state)
    case 'socket-opened':
      return state.phase === 'connecting'
        ? { state: { phase: 'open', attempt: state.attempt, sinceMs: around.nowMs }, effects: [] }
        : stay(state)
    case 'socket-closed':
      return socketClosed(state, event.close, around)
    case 'server-answered':
      return serverAnswered(state, event.answer)
    case 'woken':
      return wake(state, around)
  }
}

/** When `woken` is due, if it is. */
export function wakeAtMs(state: ConnectionState): number | undefined {
  switch (state.phase) {
    case 'connecting':
    case 'closing':
      return state.deadlineMs
    case 'waiting':
      return state.reconnectAtMs
    case 'open':
    case 'closed':
      return undefined
  }
}

/** 3500–3999 and 4500–4999 say: do not come back. */
export function mayReconnect(code: number): boolean {
  return !((code >= 3500 && code <= 3999) || (code >= 4500 && code <= 4999))
}

/** Full jitter: anything from nothing up to a ceiling that doubles, so that many pages do not return at once. */
export function backoffMs(attempt: number, random: number): number {
  return Math.round(random * Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempt))
}

function connectNow(
  attempt: number,
  trouble: Trouble | undefined,
  { nowMs }: Surroundings,
  before: readonly Effect[] = [],
): Step {
  return {
    state: { phase: 'connecting', attempt, deadlineMs: nowMs + HANDSHAKE_TIMEOUT_MS, trouble },
    effects: [...before, { type: 'open-socket' }],
  }
}

function waitAfter(attempt: number, trouble: Trouble, around: Surroundings, effects: readonly Effect[] = []): Step {
  const reconnectAtMs = around.nowMs + backoffMs(attempt, around.random)
  return { state: { phase: 'waiting', attempt: attempt + 1, reconnectAtMs, trouble }, effects }
}

function disconnect(state: ConnectionState, { nowMs }: Surroundings): Step {
  switch (state.phase) {
    case 'open':
      return {
        state: { phase: 'closing', deadlineMs: nowMs + CLOSE_TIMEOUT_MS },
        effects: [{ type: 'close-socket' }],
      }
    case 'connecting':
      return { state: INITIAL_STATE, effects: [{ type: 'drop-socket' }] }
    case 'waiting':
      return { state: INITIAL_STATE, effects: [] }
    case 'closing':
    case 'closed':
      return stay(state)
  }
}

function socketClosed(state: ConnectionState, close: CloseInfo, around: Surroundings): Step {
  switch (state.phase) {
    case 'connecting':
      // The trouble of the attempt before stays on show until the server has answered what is wrong now.
      return waitAfter(state.attempt, state.trouble ?? { type: 'asking' }, around, [{ type: 'ask-server' }])
    case 'open': {
      const trouble: Trouble = { type: 'closed', close }
      if (!mayReconnect(close.code)) return { state: { phase: 'closed', trouble }, effects: [] }
      const attempt = around.nowMs - state.sinceMs >= GOOD_CONNECTION_MS ? 0 : state.attempt
      return waitAfter(attempt, trouble, around)
    }
    case 'closing':
      return { state: INITIAL_STATE, effects: [] }
    case 'waiting':
    case 'closed':
      return stay(state)
  }
}

function serverAnswered(state: ConnectionState, answer: Answer): Step {
  switch (state.phase) {
    case 'connecting':
    case 'waiting':
      if (isFinal(answer)) {
        return {
          state: { phase: 'closed', trouble: answer },
          effects: state.phase === 'connecting' ? [{ type: 'drop-socket' }] : [],
        }
      }
      return { state: { ...state, trouble: answer }, effects: [] }
    case 'open':
    case 'closing':
    case 'closed':
      return stay(state)
  }
}

/** A 4xx says that asking again will not help, except where it says to ask again later. */
function isFinal(answer: Answer): boolean {
  return answer.type === 'refused' && answer.status < 500 && answer.status !== 408 && answer.status !== 429
}

function wake(state: ConnectionState, around: Surroundings): Step {
  const dueMs = wakeAtMs(state)
  if (dueMs === undefined || around.nowMs < dueMs) return stay(state)
  switch (state.phase) {
    case 'connecting':
      return waitAfter(state.attempt, { type: 'timed-out' }, around, [{ type: 'drop-socket' }])
    case 'waiting':
      return connectNow(state.attempt, state.trouble, around)
    case 'closing':
      return { state: INITIAL_STATE, effects: [{ type: 'drop-socket' }] }
    case 'open':
    case 'closed':
      return stay(state)
  }
}

function hasSocket(state: ConnectionState): boolean {
  return state.phase === 'connecting' || state.phase === 'open' || state.phase === 'closing'
}

function stay(state: ConnectionState): Step {
  return { state, effects: [] }
}
