import type { CloseInfo, CloseOutcome, ExtensionChain, MessageType, Role, WigwagError } from '@wigwag/socket/core'
import { createProfile, flushAllSockets, type PumpContext, resolveSocketOptions } from '@wigwag/socket/driver'
import { SharedTerms } from './socket-terms.ts'

/** How a socket behaves: the options that servers and clients share. */
export interface FaceOptions {
  /** Whether several messages of one chunk are told in one turn of the event loop. Default true. */
  readonly allowSynchronousEvents?: boolean | undefined
  /** Whether pings are answered. Default true. */
  readonly autoPong?: boolean | undefined
  /** How long the closing handshake may take, in milliseconds. Default 30,000. */
  readonly closeTimeout?: number | undefined
  /** Most fragments of one message (count). Default 16,384; 0 for no limit. */
  readonly maxFragments?: number | undefined
  /** Largest message accepted, in bytes. Default 100 MiB; 0 for no limit. */
  readonly maxPayload?: number | undefined
  /** Most answers to pings that the peer has not read (count). Default 60; above it the connection is dropped. 0 for no limit. */
  readonly maxPendingAutoPongs?: number | undefined
  /** Whether text is taken for UTF-8 unchecked. Default false. */
  readonly skipUTF8Validation?: boolean | undefined
}

/** Their defaults. */
export const FACE_DEFAULTS: Required<FaceOptions> = {
  allowSynchronousEvents: true,
  autoPong: true,
  closeTimeout: 30_000,
  maxFragments: 16 * 1024,
  maxPayload: 100 * 1024 * 1024,
  maxPendingAutoPongs: 60,
  skipUTF8Validation: false,
}

/** Who is told what a connection does. */
export interface SocketOwner {
  /** @internal */
  _onMessage(data: Uint8Array, type: MessageType): void
  /** @internal */
  _onPing(payload: Uint8Array): void
  /** @internal */
  _onPong(payload: Uint8Array): void
  /** @internal */
  _onClosing(close: CloseInfo, error: WigwagError | undefined): void
  /** @internal */
  _onClosed(outcome: CloseOutcome): void
  /** @internal */
  _onSocketClosed(): void
}

/** What the opening handshake settled. */
export interface OpenedSocket {
  readonly context: FaceContext
  readonly chain: ExtensionChain | undefined
  /** The subprotocol; `''` when there is none. */
  readonly protocol: string
  /** The names of the extensions in use, with commas between. */
  readonly extensions: string
}

/** What all sockets of a server share, or one client has. */
export interface FaceContext extends PumpContext<SocketOwner> {
  readonly terms: SharedTerms
}

/** Of what the core takes for one. */
export const NO_LIMIT: number = Number.MAX_SAFE_INTEGER

/** Nobody looks after a slow reader: `bufferedAmount` is the program's to watch. */
const SOCKET_OPTIONS = resolveSocketOptions({ maxQueuedBytes: NO_LIMIT, highWaterMarkBytes: NO_LIMIT })

let flushesAtExit = false

/** That of a server or client with these options. */
export function createContext(role: Role, options: FaceOptions): FaceContext {
  if (!flushesAtExit) {
    flushesAtExit = true
    // What was sent before `process.exit()` leaves, although there is no end of the turn any more.
    process.on('exit', flushAllSockets)
  }
  const profile = createProfile(role, {
    maxMessageBytes: limitOf(options.maxPayload),
    maxFragments: limitOf(options.maxFragments),
    maxControlFramesPerSecond: NO_LIMIT,
    utf8: options.skipUTF8Validation === true ? 'trust' : 'strict',
    textAs: 'bytes',
    autoPong: false, // `_onPing` does, as far as `autoPong` says so
    echoCloseReason: true,
    clientEndsTransport: true,
    pingIntervalMs: 0,
    closeTimeoutMs: Math.max(1, Math.floor(options.closeTimeout ?? 30_000)),
  })
  return {
    profile,
    options: SOCKET_OPTIONS,
    handlers: HANDLERS,
    socketClosed: (owner) => owner._onSocketClosed(),
    terms: new SharedTerms(Number(options.maxPendingAutoPongs) || 0),
  }
}

const HANDLERS: PumpContext<SocketOwner>['handlers'] = {
  message: (owner, data, type) => owner._onMessage(data as Uint8Array, type),
  ping: (owner, payload) => owner._onPing(payload),
  pong: (owner, payload) => owner._onPong(payload),
  closing: (owner, close, error) => owner._onClosing(close, error),
  close: (owner, outcome) => owner._onClosed(outcome),
}

/** 0, and whatever is no number, stands for none. */
export function limitOf(value: number | undefined): number {
  return typeof value === 'number' && value >= 1 && value < NO_LIMIT ? Math.floor(value) : NO_LIMIT
}
