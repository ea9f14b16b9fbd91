import { EventEmitter } from 'node:events'
import type { ClientRequest } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  type CloseInfo,
  type CloseOutcome,
  isSendableCloseCode,
  MAX_CLOSE_REASON_BYTES,
  type MessageType,
  TransportError,
  type WigwagError,
} from '@wigwag/socket/core'
import { Pump } from '@wigwag/socket/driver'
import { ClientUpgrade, type UpgradeOptions, type UpgradeRequester } from './client-upgrade.ts'
import { ConnectionSender } from './connection-sender.ts'
import {
  addListener,
  type EventSource,
  type Listener,
  propertyListener,
  removeListener,
  setPropertyListener,
} from './event-target.ts'
import { describeReadyState, ReadyState } from './ready-state.ts'
import { SendQueue } from './send-queue.ts'
import { FACE_DEFAULTS, type FaceOptions, type OpenedSocket, type SocketOwner } from './socket-context.ts'
import { surfaceError } from './surface-error.ts'
import { EMPTY, isBlob, toArrayBuffer, toBuffer, toBytes } from './to-bytes.ts'
import { toWsError } from './ws-errors.ts'

/** Called when what was sent has been written, or with the error that kept it from being. */
type Sent = (error?: Error | null) => void

/** How one message is sent. */
export interface WsSendOptions {
  /** Whether it is binary. Default: unless it is a string. */
  readonly binary?: boolean | undefined
  /** Whether it is compressed, where that was negotiated. Default true: from the threshold on. */
  readonly compress?: boolean | undefined
  /** Whether it is the last fragment of a message. Default true. */
  readonly fin?: boolean | undefined
}

type BinaryType = 'nodebuffer' | 'arraybuffer' | 'fragments' | 'blob'
const BINARY_TYPES: readonly string[] = ['nodebuffer', 'arraybuffer', 'fragments', 'blob']

/** The core does not copy bytes above this on a server; programs expect that they may use theirs again at once. */
const FLUSH_ABOVE_BYTES = 16 * 1024

const NOT_CONNECTED = 'WebSocket was closed before the connection was established'

/**
 * A WebSocket with the surface of `ws` 8, of either role: an emitter around the connection of `@wigwag/socket`.
 * Its fields have underscores rather than `#`: programs wrap these objects in proxies, and some read `_socket`, `_sender`
 * and `_isServer`, although no document names them.
 */
export class WebSocket extends EventEmitter implements SocketOwner, EventSource, UpgradeRequester {
  static readonly CONNECTING: number = ReadyState.CONNECTING
  static readonly OPEN: number = ReadyState.OPEN
  static readonly CLOSING: number = ReadyState.CLOSING
  static readonly CLOSED: number = ReadyState.CLOSED

  _readyState: ReadyState = ReadyState.CONNECTING
  _isServer: boolean
  _url: string | undefined
  _protocol: string = ''
  _wasClean: boolean = false
  /** The request of a client that is not answered yet. */
  _req: ClientRequest | null = null
  _extensionNames: readonly string[] = []
  _binaryType: BinaryType = 'nodebuffer'
  _paused: boolean = false
  _upgrade: ClientUpgrade | undefined
  _pump: Pump<SocketOwner> | undefined
  _rawSocket: Duplex | null = null
  _boundSender: ConnectionSender | undefined
  _queue: SendQueue | undefined
  _fragmenting: boolean = false
  _errorEmitted: boolean = false
  /** What was sent when nothing could be sent any more, in bytes. */
  _unsentBytes: number = 0
  _pendingPongs: number = 0
  /** Whether messages are told yet: whoever is given this socket has its turn to add listeners first. */
  _started: boolean = false
  /** Events that wait for a turn of their own (`allowSynchronousEvents: false`). */
  _deferred: number = 0
  _outcome: CloseOutcome | undefined
  /** What is still queued leaves before it is. */
  _socketClosed: boolean = false
  _autoPong: boolean
  _maxPendingPongs: number
  _synchronous: boolean

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
    this._isServer = address === null
    const given = isOptions(protocols) ? protocols : (options ?? {})
    const settings: FaceOptions = address === null ? given : { ...FACE_DEFAULTS, ...given }
    this._autoPong = Boolean(settings.autoPong)
    this._maxPendingPongs = Number(settings.maxPendingAutoPongs) || Infinity
    this._synchronous = Boolean(settings.allowSynchronousEvents)
    if (address === null) return
    const wanted = isOptions(protocols) || protocols === undefined ? (given.protocols ?? []) : protocols
    this._upgrade = new ClientUpgrade(this, Array.isArray(wanted) ? wanted : [wanted as string], given)
    this._upgrade.start(address)
  }

  // ---- what it is

  get readyState(): ReadyState {
    return this._readyState
  }

  /** Of a server's socket there is none. */
  get url(): string | undefined {
    return this._url
  }

  get protocol(): string {
    return this._protocol
  }

  /** The names of the extensions in use. */
  get extensions(): string {
    return this._extensionNames.join()
  }

  get isPaused(): boolean {
    return this._paused
  }

  get binaryType(): BinaryType {
    return this._binaryType
  }

  set binaryType(type: BinaryType) {
    if (BINARY_TYPES.includes(type)) this._binaryType = type
  }

  /**
   * Bytes that the operating system has not taken yet. What waits for the end of this turn only, on a connection that takes
   * everything, is not counted: in `ws` it would have been written.
   */
  get bufferedAmount(): number {
    const queued = this._unsentBytes + (this._queue?.bytes ?? 0)
    const outbox = this._pump?.outbox
    if (outbox === undefined) return queued
    const buffered = outbox.bufferedAmount
    return buffered > outbox.waitingBytes ? buffered + queued : queued
  }

  /** The network socket, for who looks behind the curtain. What was sent is on it before it is handed out. */
  get _socket(): Duplex | null {
    if (this._readyState !== ReadyState.CLOSED) this._pump?.flush()
    return this._rawSocket
  }

  /** What sends frames that are encoded already (`sendFrame`). */
  get _sender(): ConnectionSender | null {
    if (this._pump === undefined) return null
    this._boundSender ??= new ConnectionSender(this._pump, this._rawSocket as Duplex)
    return this._boundSender
  }

  // ---- what it does

  /** Sends a message: a string as text, anything with bytes as binary. Throws while connecting. */
  send(data: unknown, options?: WsSendOptions | Sent, sent?: Sent): void {
    if (this._readyState === ReadyState.CONNECTING) throw new Error(describeReadyState(this._readyState))
    const given = typeof options === 'function' ? undefined : options
    const callback = typeof options === 'function' ? options : sent
    const message = typeof data === 'number' ? String(data) : data
    if (this._readyState !== ReadyState.OPEN) {
      this._refuse(message, callback)
      return
    }
    // An option that is there counts, even as `undefined`: that is what spreading it over the defaults comes to.
    let isBinary = typeof message !== 'string'
    let compress: boolean | undefined
    let final = true
    if (given !== undefined && given !== null) {
      if ('binary' in given) isBinary = Boolean(given.binary)
      if ('compress' in given && !given.compress) compress = false
      if ('fin' in given) final = Boolean(given.fin)
    }
    const type = isBinary ? 'binary' : 'text'
    if (typeof message !== 'string' && isBlob(message)) {
      this._queueBlob(message, (bytes) => this._transmit(bytes, type, final, compress, callback), callback)
      return
    }
    const payload = typeof message === 'string' ? message : message ? toBytes(message) : EMPTY
    if (this._queue?.busy) {
      const bytes = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length
      this._queue.add(bytes, () => this._transmit(payload, type, final, compress, callback))
    } else this._transmit(payload, type, final, compress, callback)
  }

  /** Sends a ping with up to 125 bytes. Throws while connecting, and `RangeError` above. `mask` has no effect. */
  ping(data?: unknown, mask?: boolean | Sent, sent?: Sent): void {
    this._sendControl('ping', data, mask, sent)
  }

  /** Sends a pong with up to 125 bytes, as `ping` does. */
  pong(data?: unknown, mask?: boolean | Sent, sent?: Sent): void {
    this._sendControl('pong', data, mask, sent)
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
    if (this._queue?.busy) this._queue.add(0, send)
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

  get onopen(): Listener | null {
    return propertyListener(this, 'open')
  }

  set onopen(listener: unknown) {
    setPropertyListener(this, 'open', listener)
  }

  get onmessage(): Listener | null {
    return propertyListener(this, 'message')
  }

  set onmessage(listener: unknown) {
    setPropertyListener(this, 'message', listener)
  }

  get onclose(): Listener | null {
    return propertyListener(this, 'close')
  }

  set onclose(listener: unknown) {
    setPropertyListener(this, 'close', listener)
  }

  get onerror(): Listener | null {
    return propertyListener(this, 'error')
  }

  set onerror(listener: unknown) {
    setPropertyListener(this, 'error', listener)
  }

  // ---- told by the opening handshake

  /** @internal Takes the socket behind the opening handshake; `head` is what came behind it. */
  _open(socket: Duplex, head: Uint8Array, opened: OpenedSocket): void {
    const { setTimeout: setIdleTimeout, setNoDelay } = socket as Partial<Socket>
    setIdleTimeout?.call(socket as Socket, 0)
    setNoDelay?.call(socket as Socket)
    this._protocol = opened.protocol
    this._extensionNames = opened.extensions
    this._upgrade = undefined
    this._rawSocket = socket
    this._pump = new Pump<SocketOwner>(opened.context, this, socket as Socket, opened.chain)
    this._pump.pause()
    this._pump.start(head)
    // Behind the pump's own: it has told by then how it ended.
    socket.once('close', () => {
      this._socketClosed = true
      this._finish()
    })
    process.nextTick(() => {
      this._started = true
      this._readOn()
    })
    this._readyState = ReadyState.OPEN
    this.emit('open')
  }

  /** @internal There will be no connection: `error`, then `close`. */
  _fail(error: Error): void {
    this._readyState = ReadyState.CLOSING
    this._errorEmitted = true
    try {
      this.emit('error', error)
    } finally {
      this._readyState = ReadyState.CLOSED
      this.emit('close', 1006, EMPTY)
    }
  }

  // ---- told by the connection. Nothing that a listener throws may get into it.

  /** @internal */
  _onMessage(data: Uint8Array, type: MessageType): void {
    const isBinary = type === 'binary'
    const message = isBinary && this._binaryType !== 'nodebuffer' ? shape(data, this._binaryType) : toBuffer(data)
    if (this._synchronous) this._tell('message', message, isBinary)
    else this._defer('message', message, isBinary)
  }

  /** @internal */
  _onPing(payload: Uint8Array): void {
    if (this._autoPong && this._readyState === ReadyState.OPEN) {
      if (this._pendingPongs >= this._maxPendingPongs) this.terminate()
      else {
        this._pendingPongs++
        this.pong(payload, !this._isServer, () => this._pendingPongs--)
      }
    }
    if (this._synchronous) this._tell('ping', toBuffer(payload))
    else this._defer('ping', toBuffer(payload))
  }

  /** @internal */
  _onPong(payload: Uint8Array): void {
    if (this._synchronous) this._tell('pong', toBuffer(payload))
    else this._defer('pong', toBuffer(payload))
  }

  /** @internal */
  _onClosing(_close: CloseInfo, error: WigwagError | undefined): void {
    this._readyState = ReadyState.CLOSING
    this._tellError(error)
  }

  /** @internal */
  _onClosed(outcome: CloseOutcome): void {
    this._outcome = outcome
    this._readyState = ReadyState.CLOSING
    this._tellError(outcome.error)
    this._finish()
  }

  // ---- inside

  _transmit(
    payload: string | Uint8Array,
    type: MessageType,
    final: boolean,
    compress: boolean | undefined,
    sent: Sent | undefined,
  ): void {
    const pump = this._pump as Pump<SocketOwner>
    if (final && !this._fragmenting) pump.send(payload, compress, type)
    else {
      this._fragmenting = !final
      pump.connection.sendFragment(payload, final, type)
    }
    if (payload.length > FLUSH_ABOVE_BYTES && typeof payload !== 'string') pump.flush()
    if (sent !== undefined) this._whenWritten(sent)
  }

  _sendControl(kind: 'ping' | 'pong', data: unknown, mask: boolean | Sent | undefined, sent: Sent | undefined): void {
    if (this._readyState === ReadyState.CONNECTING) throw new Error(describeReadyState(this._readyState))
    const callback = [data, mask, sent].find((parameter) => typeof parameter === 'function') as Sent | undefined
    const content = typeof data === 'function' ? undefined : typeof data === 'number' ? String(data) : data
    if (this._readyState !== ReadyState.OPEN) {
      this._refuse(content, callback)
      return
    }
    const transmit = (payload: Uint8Array): void => {
      this._pump?.connection[kind](payload)
      if (callback !== undefined) this._whenWritten(callback)
    }
    if (isBlob(content)) {
      checkControlBytes(content.size)
      this._queueBlob(content, transmit, callback)
      return
    }
    const payload = typeof content === 'string' ? Buffer.from(content) : content ? toBytes(content) : EMPTY
    checkControlBytes(payload.length)
    if (this._queue?.busy) this._queue.add(payload.length, () => transmit(Buffer.from(payload)))
    else transmit(payload)
  }

  _queueBlob(blob: Blob, send: (bytes: Uint8Array) => void, sent: Sent | undefined): void {
    this._queue ??= new SendQueue()
    this._queue.addBlob(
      blob,
      (bytes) => {
        if (!this._rawSocket?.destroyed) send(bytes)
        else sent?.(new Error('The socket was closed while the blob was being read'))
      },
      (error) => {
        sent?.(error)
        this._tellError(error)
        this._readyState = ReadyState.CLOSING
        this._pump?.connection.close(1011)
      },
    )
  }

  _whenWritten(sent: Sent): void {
    this._pump?.whenWritten((error) => {
      try {
        sent(error ?? null)
      } catch (failure) {
        surfaceError(failure)
      }
    })
  }

  /** Nothing can be sent any more: it is counted, and told to who wants to know. */
  _refuse(data: unknown, sent: Sent | undefined): void {
    if (data) {
      this._unsentBytes += isBlob(data)
        ? data.size
        : typeof data === 'string'
          ? Buffer.byteLength(data)
          : toBytes(data).length
    }
    if (sent !== undefined) process.nextTick(sent, new Error(describeReadyState(this._readyState)))
  }

  _giveUp(): void {
    this._upgrade?.abort(new Error(NOT_CONNECTED))
    this._readyState = ReadyState.CLOSING
  }

  _readOn(): void {
    if (this._started && !this._paused && this._deferred === 0) this._pump?.resume()
  }

  _tell(name: string, first: unknown, second?: unknown): void {
    try {
      if (second === undefined) this.emit(name, first)
      else this.emit(name, first, second)
    } catch (error) {
      this._surface(error)
    }
  }

  /** Reads nothing more before whoever listens for uncaught exceptions has been told of this one. */
  _surface(error: unknown): void {
    this._deferred++
    this._pump?.connection.pause()
    surfaceError(error, () =>
      setImmediate(() => {
        this._deferred--
        this._readOn()
        if (this._outcome !== undefined) this._finish()
      }),
    )
  }

  /** Tells in a turn of its own, and reads nothing meanwhile. */
  _defer(name: string, first: unknown, second?: unknown): void {
    this._deferred++
    this._pump?.connection.pause()
    setImmediate(() => {
      this._tell(name, first, second)
      this._deferred--
      this._readOn()
      if (this._outcome !== undefined) this._finish()
    })
  }

  /** A connection that was lost is no error to programs: it is closed, with 1006. */
  _tellError(error: Error | undefined): void {
    if (error === undefined || error instanceof TransportError || this._errorEmitted) return
    this._errorEmitted = true
    try {
      this.emit('error', toWsError(error as WigwagError, this._isServer ? 'server' : 'client'))
    } catch (failure) {
      surfaceError(failure)
    }
  }

  _finish(): void {
    const outcome = this._outcome
    if (outcome === undefined || this._deferred > 0 || !this._socketClosed) return
    if (this._readyState === ReadyState.CLOSED) return
    this._readyState = ReadyState.CLOSED
    this._wasClean = outcome.clean
    const { code, reason } = outcome.clean ? outcome : { code: 1006, reason: '' }
    this.emit('close', code, reason === '' ? EMPTY : Buffer.from(reason))
  }
}

for (const [name, value] of Object.entries(ReadyState)) {
  Object.defineProperty(WebSocket, name, { enumerable: true, value })
  Object.defineProperty(WebSocket.prototype, name, { enumerable: true, value })
}
// `for (const name in socket)` finds what it finds on a browser's.
for (const name of [
  'binaryType',
  'bufferedAmount',
  'extensions',
  'isPaused',
  'protocol',
  'readyState',
  'url',
  'onopen',
  'onmessage',
  'onclose',
  'onerror',
]) {
  Object.defineProperty(WebSocket.prototype, name, { enumerable: true })
}

function isOptions(value: unknown): value is UpgradeOptions {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function shape(data: Uint8Array, type: BinaryType): unknown {
  if (type === 'arraybuffer') return toArrayBuffer(data)
  if (type === 'fragments') return data.length === 0 ? [] : [toBuffer(data)]
  return type === 'blob' ? new Blob([data as Uint8Array<ArrayBuffer>]) : toBuffer(data)
}

function checkControlBytes(bytes: number): void {
  if (bytes > 125) throw new RangeError('The data size must not be greater than 125 bytes')
}

/** The reason as text. A code is checked although there may be no reason, a reason only when there is a code. */
function checkClose(code: number | undefined, reason: string | Uint8Array | undefined): string {
  if (code === undefined) return ''
  if (typeof code !== 'number' || !isSendableCloseCode(code)) {
    throw new TypeError('First argument must be a valid error code number')
  }
  if (reason === undefined || reason === null || reason.length === 0) return ''
  if (Buffer.byteLength(reason) > MAX_CLOSE_REASON_BYTES) {
    throw new RangeError('The message must not be greater than 123 bytes')
  }
  if (typeof reason === 'string') return reason
  if (reason instanceof Uint8Array) return toBuffer(reason).toString()
  throw new TypeError('Second argument must be a string or a Uint8Array')
}
