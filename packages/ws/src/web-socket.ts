import { EventEmitter } from 'node:events'
import type { ClientRequest } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { CloseInfo, CloseOutcome, MessageType, WigwagError } from '@wigwag/socket/core'
import { BareSocket, nextTick, Pump } from '@wigwag/socket/driver'
import { BINARY_TYPES, type BinaryType, shape } from './binary-type.ts'
import { checkClose } from './check-close.ts'
import { ClientUpgrade, type UpgradeOptions, type UpgradeRequester } from './client-upgrade.ts'
import { ConnectionReceiver } from './connection-receiver.ts'
import { ConnectionSender } from './connection-sender.ts'
import { defineFlags } from './define-flags.ts'
import { defineWebIdl } from './define-web-idl.ts'
import { type EndingSocket, failBeforeOpen, finish, tellError } from './ending.ts'
import {
  addListener,
  type EventSource,
  type Listener,
  type ListenerFunction,
  propertyListener,
  removeListener,
  setPropertyListener,
} from './event-target.ts'
import { shrinkListeners } from './listener-table.ts'
import { type RareState, rareStateOf } from './rare-state.ts'
import { ReadyState } from './ready-state.ts'
import { type SendingSocket, type Sent, sendControl, sendMessage, type WsSendOptions } from './sending.ts'
import {
  createContext,
  FACE_DEFAULTS,
  type FaceOptions,
  type OpenedSocket,
  type SocketOwner,
} from './socket-context.ts'
import { NO_TERMS, type SocketTerms } from './socket-terms.ts'
import { type TellingSocket, tell, tellLater, tellMessage } from './telling.ts'
import { toBuffer } from './to-bytes.ts'

/** What a server's socket knows of it. */
interface SocketServer {
  /** @internal */
  _leave(socket: WebSocket): void
}

const FLAGS = [
  '_synchronous',
  '_isServer',
  '_wasClean',
  '_paused',
  '_errorEmitted',
  '_started',
  '_socketClosed',
  '_autoPong',
]
/** The one that is asked for each message. */
const SYNCHRONOUS = 1 << FLAGS.indexOf('_synchronous')
/** Where, in the same number, the place of `binaryType` in the list of them begins: the first, mostly. */
const BINARY_TYPE_SHIFT = FLAGS.length
const NOT_CONNECTED = 'WebSocket was closed before the connection was established'

/**
 * A WebSocket with the surface of `ws` 8, of either role: an emitter around the connection of `@wigwag/socket`.
 * Its fields have underscores rather than `#`: programs wrap these objects in proxies, and some read `_socket`, `_sender`
 * and `_isServer`, although no document names them.
 */
export class WebSocket
  extends EventEmitter
  implements SocketOwner, EventSource, SendingSocket, TellingSocket, EndingSocket, UpgradeRequester
{
  static readonly CONNECTING: number = ReadyState.CONNECTING
  static readonly OPEN: number = ReadyState.OPEN
  static readonly CLOSING: number = ReadyState.CLOSING
  static readonly CLOSED: number = ReadyState.CLOSED
  // Put on the prototype below.
  declare readonly CONNECTING: 0
  declare readonly OPEN: 1
  declare readonly CLOSING: 2
  declare readonly CLOSED: 3

  // Bits of `_flags`, see below: there are as many of these objects as connections, and a field is eight bytes.
  declare _isServer: boolean
  declare _wasClean: boolean
  declare _paused: boolean
  declare _errorEmitted: boolean
  /** Whether what came with the handshake is told yet: whoever is given this socket has its turn to add listeners first. */
  declare _started: boolean
  /** What is still queued leaves before it is. */
  declare _socketClosed: boolean
  declare _autoPong: boolean
  declare _synchronous: boolean

  _flags: number = 0
  _readyState: ReadyState = ReadyState.CONNECTING
  _terms: SocketTerms = NO_TERMS
  _pump: Pump<SocketOwner> | undefined
  /** Where it is among the `clients`. */
  _server: SocketServer | undefined
  _rare: RareState | undefined

  /**
   * Connects to `address`. `null` makes the socket of a server, which `WebSocketServer` opens.
   * Throws `SyntaxError` for a URL or subprotocol that cannot be.
   */
  constructor(
    address: string | URL | null,
    protocols?: string | readonly string[] | UpgradeOptions,
    options?: UpgradeOptions,
  ) {
    super()
    shrinkListeners(this)
    this._isServer = address === null
    const given = isOptions(protocols) ? protocols : (options ?? {})
    const settings: FaceOptions = address === null ? given : { ...FACE_DEFAULTS, ...given }
    this._autoPong = Boolean(settings.autoPong)
    this._synchronous = Boolean(settings.allowSynchronousEvents)
    if (address === null) return
    const wanted = isOptions(protocols) || protocols === undefined ? (given.protocols ?? []) : protocols
    const upgrade = new ClientUpgrade(this, Array.isArray(wanted) ? wanted : [wanted as string], given)
    rareStateOf(this).upgrade = upgrade
    upgrade.start(address)
  }

  // ---- what it is

  get readyState(): ReadyState {
    return this._readyState
  }

  /** Of a server's socket there is none, although `@types/ws` and so we declare one. */
  get url(): string {
    return this._rare?.url as string
  }

  /** The request of a client that is not answered yet. */
  get _req(): ClientRequest | null {
    return this._rare?.request ?? null
  }

  get protocol(): string {
    return this._terms.protocol
  }

  /** The names of the extensions in use. */
  get extensions(): string {
    return this._terms.extensions
  }

  /** Events that wait for a turn of their own (`allowSynchronousEvents: false`). */
  get _deferred(): number {
    return this._rare?.deferred ?? 0
  }

  set _deferred(events: number) {
    rareStateOf(this).deferred = events
  }

  /** How the connection ended. */
  get _outcome(): CloseOutcome | undefined {
    return this._rare?.outcome
  }

  get isPaused(): boolean {
    return this._paused
  }

  get binaryType(): BinaryType {
    return BINARY_TYPES[this._flags >> BINARY_TYPE_SHIFT] as BinaryType
  }

  set binaryType(type: BinaryType) {
    const place = BINARY_TYPES.indexOf(type)
    if (place < 0) return
    this._flags = (this._flags & ((1 << BINARY_TYPE_SHIFT) - 1)) | (place << BINARY_TYPE_SHIFT)
  }

  /**
   * Bytes that the operating system has not taken yet. What waits for the end of this turn only, on a connection that takes
   * everything, is not counted: in `ws` it would have been written.
   */
  get bufferedAmount(): number {
    const rare = this._rare
    const queued = rare === undefined ? 0 : rare.unsentBytes + (rare.queue?.bytes ?? 0)
    const outbox = this._pump?.outbox
    if (outbox === undefined) return queued
    const buffered = outbox.bufferedAmount
    return buffered > outbox.waitingBytes ? buffered + queued : queued
  }

  /**
   * The network socket, for who looks behind the curtain. What was sent is on it before it is handed out. Where nobody had
   * use for one yet, it is made now.
   */
  get _socket(): Duplex | null {
    if (this._readyState !== ReadyState.CLOSED) this._pump?.flush()
    const socket = this._rawSocket
    return socket instanceof BareSocket ? socket.toNet() : socket
  }

  /** The connection as it is, without having a socket made. */
  get _rawSocket(): Duplex | BareSocket | null {
    const socket = this._pump?.socket as Duplex | BareSocket | undefined
    return (socket instanceof BareSocket ? (socket.current as Duplex | BareSocket) : socket) ?? null
  }

  /** What sends frames that are encoded already (`sendFrame`). */
  get _sender(): ConnectionSender | null {
    if (this._pump === undefined) return null
    const rare = rareStateOf(this)
    rare.sender ??= new ConnectionSender(this._pump, this)
    return rare.sender
  }

  /** Where programs set the limits of one socket (`_maxPayload`). */
  get _receiver(): ConnectionReceiver | null {
    if (this._pump === undefined) return null
    const rare = rareStateOf(this)
    rare.receiver ??= new ConnectionReceiver(this._pump.connection)
    return rare.receiver
  }

  // ---- what it does

  /** Sends a message: a string as text, anything with bytes as binary. Throws while connecting. */
  send(data: unknown, options?: WsSendOptions | Sent, sent?: Sent): void {
    if (typeof options === 'function') sendMessage(this, data, undefined, options)
    else sendMessage(this, data, options, sent)
  }

  /** Sends a ping with up to 125 bytes. Throws while connecting, and `RangeError` above. `mask` has no effect. */
  ping(data?: unknown, mask?: boolean | Sent, sent?: Sent): void {
    this._sendControl('ping', [data, mask, sent])
  }

  /** Sends a pong with up to 125 bytes, as `ping` does. */
  pong(data?: unknown, mask?: boolean | Sent, sent?: Sent): void {
    this._sendControl('pong', [data, mask, sent])
  }

  /** Starts the closing handshake; while connecting, gives up. Throws for a code or reason that cannot be sent. */
  close(code?: number, reason?: string | Uint8Array): void {
    if (this._readyState === ReadyState.CONNECTING) this._giveUp()
    if (this._readyState !== ReadyState.OPEN) return
    const text = checkClose(code, reason)
    const send = (): void => {
      this._pump?.connection.close(code, text)
      // A program may end the socket, or the process, in the same breath.
      this._pump?.flush()
    }
    this._readyState = ReadyState.CLOSING
    const queue = this._rare?.queue
    if (queue?.busy) queue.add(0, send)
    else send()
  }

  /** Drops the connection behind what the operating system takes at once. */
  terminate(): void {
    if (this._readyState === ReadyState.CONNECTING) this._giveUp()
    if (this._readyState === ReadyState.CLOSED || this._pump === undefined) return
    this._readyState = ReadyState.CLOSING
    this._pump.flush()
    this._pump.connection.terminate()
  }

  /** Stops reading. */
  pause(): void {
    if (this._readyState === ReadyState.CONNECTING || this._readyState === ReadyState.CLOSED) return
    this._paused = true
    this._pump?.pause()
  }

  /** Goes on reading. */
  resume(): void {
    if (this._readyState === ReadyState.CONNECTING || this._readyState === ReadyState.CLOSED) return
    this._paused = false
    this._readOn()
  }

  addEventListener(name: string, listener: Listener, options?: { readonly once?: boolean }): void {
    addListener(this, name, listener, options?.once === true)
  }

  removeEventListener(name: string, listener: Listener): void {
    removeListener(this, name, listener)
  }

  get onopen(): ListenerFunction | null {
    return propertyListener(this, 'open')
  }

  set onopen(listener: unknown) {
    setPropertyListener(this, 'open', listener)
  }

  get onmessage(): ListenerFunction | null {
    return propertyListener(this, 'message')
  }

  set onmessage(listener: unknown) {
    setPropertyListener(this, 'message', listener)
  }

  get onclose(): ListenerFunction | null {
    return propertyListener(this, 'close')
  }

  set onclose(listener: unknown) {
    setPropertyListener(this, 'close', listener)
  }

  get onerror(): ListenerFunction | null {
    return propertyListener(this, 'error')
  }

  set onerror(listener: unknown) {
    setPropertyListener(this, 'error', listener)
  }

  /**
   * Takes a socket on which the opening handshake has been done, in the role that `_isServer` says and without extensions.
   * No document names it: `injectWS` of @fastify/websocket opens its end of a connection in memory with it.
   */
  setSocket(socket: Duplex, head: Uint8Array, options: FaceOptions = {}): void {
    if (options.allowSynchronousEvents !== undefined) this._synchronous = options.allowSynchronousEvents
    this._open(socket, head, {
      context: createContext(this._isServer ? 'server' : 'client', options),
      chain: undefined,
      extensions: '',
      protocol: this.protocol,
    })
  }

  // ---- told by the opening handshake

  /** @internal Takes the socket behind the opening handshake; `head` is what came behind it. */
  _open(socket: Duplex | BareSocket, head: Uint8Array, opened: OpenedSocket): void {
    const { setTimeout: setIdleTimeout, setNoDelay } = socket as Partial<Socket>
    setIdleTimeout?.call(socket as Socket, 0)
    setNoDelay?.call(socket as Socket)
    this._terms = opened.context.terms.of(opened.protocol, opened.extensions)
    if (this._rare !== undefined) this._rare.upgrade = undefined
    this._pump = new Pump<SocketOwner>(opened.context, this, socket as Socket, opened.chain)
    if (head.length === 0) this._started = true
    else {
      this._pump.pause()
      nextTick(() => {
        this._started = true
        try {
          this._pump?.tellHead(head)
        } finally {
          this._readOn()
        }
      })
    }
    this._pump.start(head)
    this._readyState = ReadyState.OPEN
    this.emit('open')
  }

  /** @internal */
  _fail(error: Error): void {
    failBeforeOpen(this, error)
  }

  // ---- told by the connection. Nothing that a listener throws may get into it.

  /** @internal */
  _onMessage(data: Uint8Array, type: MessageType): void {
    const isBinary = type === 'binary'
    const isShaped = isBinary && this._flags >> BINARY_TYPE_SHIFT !== 0
    const message = isShaped ? shape(data, this.binaryType) : toBuffer(data)
    if ((this._flags & SYNCHRONOUS) !== 0) tellMessage(this, message, isBinary)
    else tellLater(this, 'message', message, isBinary)
  }

  /** @internal */
  _onPing(payload: Uint8Array): void {
    if (this._autoPong && this._readyState === ReadyState.OPEN) {
      const rare = rareStateOf(this)
      const { maxPendingPongs } = this._terms
      if (maxPendingPongs > 0 && rare.pendingPongs >= maxPendingPongs) this.terminate()
      else {
        rare.pendingPongs++
        this.pong(payload, !this._isServer, () => rare.pendingPongs--)
      }
    }
    if (this._synchronous) tell(this, 'ping', toBuffer(payload))
    else tellLater(this, 'ping', toBuffer(payload))
  }

  /** @internal */
  _onPong(payload: Uint8Array): void {
    if (this._synchronous) tell(this, 'pong', toBuffer(payload))
    else tellLater(this, 'pong', toBuffer(payload))
  }

  /** @internal */
  _onClosing(_close: CloseInfo, error: WigwagError | undefined): void {
    this._readyState = ReadyState.CLOSING
    tellError(this, error)
  }

  /** @internal */
  _onClosed(outcome: CloseOutcome): void {
    rareStateOf(this).outcome = outcome
    this._readyState = ReadyState.CLOSING
    tellError(this, outcome.error)
    this._finish()
  }

  /** @internal */
  _onSocketClosed(): void {
    this._socketClosed = true
    this._finish()
  }

  // ---- inside

  /** The callback is the last of the parameters, wherever they end. */
  _sendControl(kind: 'ping' | 'pong', parameters: readonly unknown[]): void {
    const [data] = parameters
    const sent = parameters.find((parameter) => typeof parameter === 'function') as Sent | undefined
    sendControl(this, kind, typeof data === 'function' ? undefined : data, sent)
  }

  /** @internal */
  _sendingFailed(error: Error): void {
    if (this._readyState === ReadyState.CLOSED) return
    tellError(this, error)
    this._readyState = ReadyState.CLOSING
    this._pump?.connection.close(1011)
  }

  _giveUp(): void {
    this._rare?.upgrade?.abort(new Error(NOT_CONNECTED))
    this._readyState = ReadyState.CLOSING
  }

  _readOn(): void {
    if (this._started && !this._paused && this._deferred === 0) this._pump?.resume()
  }

  _finish(): void {
    finish(this)
  }
}

defineWebIdl(WebSocket)
defineFlags(WebSocket, FLAGS)

function isOptions(value: unknown): value is UpgradeOptions {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
