import type { EventEmitter } from 'node:events'
import { type CloseOutcome, TransportError, type WigwagError } from '@wigwag/socket/core'
import { ReadyState } from './ready-state.ts'
import { surfaceError } from './surface-error.ts'
import { EMPTY } from './to-bytes.ts'
import { toWsError } from './ws-errors.ts'

/** What ending needs of a WebSocket: at most one `error`, then one `close`, when all of it is over. */
export interface EndingSocket extends EventEmitter {
  readonly _isServer: boolean
  _readyState: ReadyState
  _errorEmitted: boolean
  _wasClean: boolean
  /** How the connection ended; it may be told of only when the network socket is closed, too. */
  readonly _outcome: CloseOutcome | undefined
  readonly _socketClosed: boolean
  /** Events that must be told before. */
  readonly _deferred: number
}

/** There will be no connection: `error`, then `close`. */
export function failBeforeOpen(socket: EndingSocket, error: Error): void {
  socket._readyState = ReadyState.CLOSING
  socket._errorEmitted = true
  try {
    socket.emit('error', error)
  } finally {
    socket._readyState = ReadyState.CLOSED
    socket.emit('close', 1006, EMPTY)
  }
}

/** A connection that was lost is no error to programs: it is closed, with 1006. */
export function tellError(socket: EndingSocket, error: Error | undefined): void {
  if (error === undefined || error instanceof TransportError || socket._errorEmitted) return
  socket._errorEmitted = true
  try {
    socket.emit('error', toWsError(error as WigwagError, socket._isServer ? 'server' : 'client'))
  } catch (failure) {
    surfaceError(failure)
  }
}

/** Tells of the end, once everything has come that must come before. */
export function finish(socket: EndingSocket): void {
  const outcome = socket._outcome
  if (outcome === undefined || socket._deferred > 0 || !socket._socketClosed) return
  if (socket._readyState === ReadyState.CLOSED) return
  socket._readyState = ReadyState.CLOSED
  socket._wasClean = outcome.clean
  const { code, reason } = outcome.clean ? outcome : { code: 1006, reason: '' }
  socket.emit('close', code, reason === '' ? EMPTY : Buffer.from(reason))
}
