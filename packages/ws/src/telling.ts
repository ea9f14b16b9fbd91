import type { EventEmitter } from 'node:events'
import { atEndOfTurn, type Pump } from '@wigwag/socket/driver'
import type { SocketOwner } from './socket-context.ts'
import { soleListener } from './sole-listener.ts'
import { surfaceError } from './surface-error.ts'

/** What telling needs of a WebSocket. */
export interface TellingSocket extends EventEmitter {
  readonly _pump: Pump<SocketOwner> | undefined
  /** For how many turns to come nothing more is read. */
  _deferred: number
  /** Reads on, unless something else keeps it from that. */
  _readOn(): void
  /** Tells of the end, if it has come. */
  _finish(): void
}

/** Emits. What a listener throws becomes an uncaught exception, and never gets into the connection. */
export function tell(socket: TellingSocket, name: string, first: unknown, second?: unknown): void {
  try {
    if (second === undefined) socket.emit(name, first)
    else socket.emit(name, first, second)
  } catch (error) {
    listenerFailed(socket, error)
  }
}

/** The same for a message, the one event that comes a hundred thousand times a second. */
export function tellMessage(socket: TellingSocket, data: unknown, isBinary: boolean): void {
  try {
    const listener = soleListener(socket, 'message')
    if (listener === undefined) socket.emit('message', data, isBinary)
    else listener.call(socket, data, isBinary)
  } catch (error) {
    listenerFailed(socket, error)
  }
}

/** Emits in a turn of its own, and reads nothing meanwhile. */
export function tellLater(socket: TellingSocket, name: string, first: unknown, second?: unknown): void {
  standStill(socket)
  atEndOfTurn(() => {
    tell(socket, name, first, second)
    goOn(socket)
  })
}

function listenerFailed(socket: TellingSocket, error: unknown): void {
  // Nothing more is read before whoever listens for uncaught exceptions has been told of this one.
  standStill(socket)
  surfaceError(error, () => atEndOfTurn(() => goOn(socket)))
}

function standStill(socket: TellingSocket): void {
  socket._deferred++
  socket._pump?.connection.pause()
}

function goOn(socket: TellingSocket): void {
  socket._deferred--
  socket._readOn()
  socket._finish()
}
