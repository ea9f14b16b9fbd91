import type { CloseInfo, CloseOutcome, MessageType, WigwagError } from '../core/index.ts'

/** A handler may be asynchronous: the rejection of a promise is treated as a throw. Anything else that it returns is ignored. */
export type HandlerResult = unknown

/**
 * What the application does with its sockets: one object for all of them, no closures per socket. A handler that
 * throws closes its socket with 1011 and is told to `error`; the process lives on.
 */
export interface SocketHandlers<Socket> {
  /** The opening handshake is done; messages may be sent. */
  readonly open?: (socket: Socket) => HandlerResult
  /** A message came. Text is a string (or bytes with `textAs: 'bytes'`); bytes are the handler's to keep, unless `bytesAs` says otherwise. */
  readonly message?: (socket: Socket, data: string | Uint8Array, type: MessageType) => HandlerResult
  /** A ping came; it has been answered. */
  readonly ping?: (socket: Socket, payload: Uint8Array) => HandlerResult
  /** A pong came. */
  readonly pong?: (socket: Socket, payload: Uint8Array) => HandlerResult
  /** All that was queued has been written, after a `send` that returned `'queued'` or `'dropped'`. */
  readonly drain?: (socket: Socket) => HandlerResult
  /** A message was refused because the peer reads too slowly: see `slowReader`. */
  readonly slow?: (socket: Socket, info: SlowReaderInfo) => HandlerResult
  /** The closing handshake began, by either side; nothing more can be sent. `error` says why the connection failed, if it did. */
  readonly closing?: (socket: Socket, close: CloseInfo, error: WigwagError | undefined) => HandlerResult
  /** The last call for this socket. */
  readonly close?: (socket: Socket, outcome: CloseOutcome) => HandlerResult
  /** A handler threw. Default: the error is printed with `console.error`. */
  readonly error?: (error: unknown, socket: Socket) => void
}

/** What a slow reader was refused. */
export interface SlowReaderInfo {
  /** Bytes waiting for it. */
  readonly bufferedAmount: number
  /** Bytes of the message that was not queued. */
  readonly messageBytes: number
}
