import {
  CloseCode,
  type CloseInfo,
  type CloseOutcome,
  Connection,
  type ConnectionProfile,
  type ConnectionSink,
  type DeflateCodec,
  type ExtensionChain,
  firstByte,
  type MessageType,
  Opcode,
  PreparedMessage,
  TransportError,
  WigwagError,
} from '../core/index.ts'
import type { Sleeper } from './deadline-wheel.ts'
import type { DriverSocket, SocketReader } from './driver-socket.ts'
import { writtenSocketOf } from './foreign-stream.ts'
import { atEndOfTurn, nextTick } from './host-time.ts'
import { lingerAtMost } from './linger.ts'
import type { NativeHandle } from './native-io.ts'
import { Outbox } from './outbox.ts'
import { readChunk, readNative } from './read-buffer-use.ts'
import { ReadingTurn } from './reading-turn.ts'
import { flushQueue, wheel } from './socket-driver.ts'
import type { HandlerResult, SocketHandlers } from './socket-handlers.ts'
import { handleOf, readFrom, tellHead, whenEnded } from './socket-io.ts'
import type { ResolvedSocketOptions } from './socket-options.ts'

/**
 * What became of a message. `'ok'`: accepted. `'queued'`: accepted, but much is waiting; `drain` will follow.
 * `'dropped'`: refused, the peer reads too slowly. `'closed'`: refused, the connection is not open.
 */
export type SendStatus = 'ok' | 'queued' | 'dropped' | 'closed'

/** A message as the application sends it: text, bytes, or either prepared for many. */
export type Sendable = string | Uint8Array | PreparedMessage

/** How one message is sent. */
export interface SendOptions {
  /**
   * Whether to compress it, where that was negotiated. Default: from the threshold on; but not what is sent to one alone of
   * those that share a window, until that comes to a window full.
   */
  readonly compress?: boolean
}

/** What all sockets of a server share, or one client socket has. `Owner` is what the handlers are given. */
export interface PumpContext<Owner> {
  readonly profile: ConnectionProfile
  readonly options: ResolvedSocketOptions
  readonly handlers: SocketHandlers<Owner>
  /** Told once per refused message. */
  readonly countDropped?: () => void
  /** Told behind the `close` handler. */
  readonly forget?: (owner: Owner) => void
  /** Told when the network socket is closed, behind everything else. What it throws is not caught. */
  readonly socketClosed?: (owner: Owner) => void
}

/** The first bytes of messages in one frame. */
const WHOLE_TEXT = firstByte(Opcode.text, true, 0)
const WHOLE_BINARY = firstByte(Opcode.binary, true, 0)

/** The driver between a Node socket and a `Connection`: bytes in, bytes out, time, and the application's handlers. */
export class Pump<Owner> implements ConnectionSink, Sleeper, SocketReader {
  readonly #context: PumpContext<Owner>
  readonly #owner: Owner
  #socket: DriverSocket
  readonly #handle: NativeHandle | undefined
  readonly #outbox: Outbox
  readonly #connection: Connection
  /** None without extensions: then a message costs what its bytes do. */
  readonly #turn: ReadingTurn | undefined
  /** Set on a server when compression is the only extension: what is sent to many is then compressed once. */
  readonly #deflate: DeflateCodec | undefined
  #drainWanted = false
  /** Mostly nobody waits. */
  #waitingForWrite: ((error?: Error) => void)[] | undefined
  wheelSlot = -1

  constructor(context: PumpContext<Owner>, owner: Owner, socket: DriverSocket, extensions: ExtensionChain | undefined) {
    this.#context = context
    this.#owner = owner
    this.#socket = socket
    // A client's frames must differ in their masks (RFC 6455 §5.3), and those of most extensions are the connection's own.
    const shareable =
      context.profile.role === 'server' && (extensions === undefined || extensions.deflate !== undefined)
    const quickBytes = shareable ? context.options.highWaterMarkBytes : 0
    this.#handle = context.options.io === 'native' ? handleOf(socket) : undefined
    this.#outbox = new Outbox(writtenSocketOf(socket), this.#handle, flushQueue, quickBytes)
    this.#connection = new Connection(context.profile, this, wheel.refresh(), extensions)
    this.#deflate = shareable ? extensions?.deflate : undefined
    this.#turn = extensions === undefined ? undefined : new ReadingTurn(() => this.#goOn())
  }

  get connection(): Connection {
    return this.#connection
  }

  /** What the connection is on now. */
  get socket(): DriverSocket {
    return this.#socket
  }

  get outbox(): Outbox {
    return this.#outbox
  }

  get bufferedAmount(): number {
    return this.#outbox.bufferedAmount
  }

  /** Starts pumping; `head` is what came behind the opening handshake. */
  start(head: Uint8Array): void {
    const socket = this.#socket
    const connection = this.#connection
    wheel.add(this)
    this.#tell((handlers) => handlers.open?.(this.#owner))
    readFrom(socket, this.#handle, this)
    if (head.length > 0) this.socketChunk(head)
    // A socket that was paused for the handshake stays so until it is told otherwise.
    if (connection.paused) socket.pause()
    else socket.resume()
  }

  /** Tells whoever reads along on the socket of `head`, which `start` was given: they come behind it, and bytes only once. */
  tellHead(head: Uint8Array): void {
    tellHead(this.#socket, head)
  }

  /** `type` is for bytes that are sent as text, and text that is sent as bytes. */
  send(message: Sendable, compress: boolean | undefined, type?: MessageType): SendStatus {
    const isText = type === undefined ? typeof message === 'string' : type === 'text'
    // With extensions, what was written for another socket may not be what this one would write.
    if (this.#turn === undefined) {
      if (this.#outbox.takeLatest(message, isText ? WHOLE_TEXT : WHOLE_BINARY)) return 'ok'
    } else if (this.#deflate !== undefined && compress === undefined && isPlain(message)) {
      const repeated = flushQueue.repeated.find(message, isText ? 'text' : 'binary')
      if (repeated !== undefined) return this.#sendRepeated(repeated, this.#deflate)
    }
    return this.#send(message, compress, type)
  }

  #sendRepeated(message: PreparedMessage, deflate: DeflateCodec): SendStatus {
    return deflate.takePrepared(message, this.#outbox) ? 'ok' : this.#send(message, undefined, undefined)
  }

  #send(message: Sendable, compress: boolean | undefined, type: MessageType | undefined): SendStatus {
    const buffered = this.#outbox.bufferedAmount
    const { maxQueuedBytes, highWaterMarkBytes } = this.#context.options
    if (buffered > 0 && buffered + largestSize(message) > maxQueuedBytes && this.#connection.phase === 'open') {
      const messageBytes = exactSize(message)
      if (buffered + messageBytes > maxQueuedBytes) return this.#refuse(buffered, messageBytes)
    }
    if (!this.#connection.send(message, compress, type)) return 'closed'
    if (this.#outbox.bufferedAmount < highWaterMarkBytes) return 'ok'
    this.#wantDrain()
    return 'queued'
  }

  /** Sends a part of a message: see `Connection.sendFragment`. Returns whether it was accepted. */
  sendFragment(data: string | Uint8Array, final: boolean, type?: MessageType): boolean {
    const connection = this.#connection
    if (!connection.sendFragment(data, final, type)) return false
    if (!final) this.#outbox.seal()
    else if (connection.phase === 'open') this.#outbox.unseal()
    return true
  }

  /** Hands what was sent to the operating system now, rather than at the end of the turn. */
  flush(): void {
    this.#flush()
  }

  /**
   * Calls back when the operating system has taken all that was sent so far, or with an error when the connection ended
   * before. Never at once, but in this turn if it can: streams write their next chunk only then.
   */
  whenWritten(written: (error?: Error) => void): void {
    if (this.#waitingForWrite !== undefined) {
      this.#waitingForWrite.push(written)
      return
    }
    this.#waitingForWrite = [written]
    nextTick(() => this.#checkWritten())
  }

  pause(): void {
    this.#turn?.hold()
    this.#stop()
  }

  resume(): void {
    if (this.#turn?.release() !== false) this.#goOn()
  }

  // ---- told by the socket

  socketRead(_buffer: Uint8Array, end: number): void {
    this.#turn?.begin()
    flushQueue.reads(this.#outbox)
    readNative(this.#connection, end, wheel.nowMs)
    flushQueue.hasRead()
  }

  socketChunk(chunk: Uint8Array): void {
    this.#turn?.begin()
    flushQueue.reads(this.#outbox)
    readChunk(this.#connection, chunk, wheel.nowMs)
    flushQueue.hasRead()
  }

  socketEnded(): void {
    this.#connection.receiveEnd(wheel.nowMs)
  }

  socketFailed(error: Error): void {
    this.#connection.receiveError(error, wheel.nowMs)
  }

  socketClosed(): void {
    this.#connection.receiveEnd(wheel.nowMs)
    this.#context.socketClosed?.(this.#owner)
  }

  socketMoved(socket: DriverSocket): void {
    this.#socket = socket
    this.#outbox.moveTo(socket)
    readFrom(socket, this.#handle, this)
    if (this.#connection.paused) socket.pause()
    else socket.resume()
  }

  // ---- told by the wheel

  get deadlineMs(): number {
    return this.#connection.deadlineMs
  }

  wake(nowMs: number): void {
    this.#connection.tick(nowMs)
  }

  // ---- told by the connection

  message(data: string | Uint8Array, type: MessageType): void {
    try {
      const result = this.#context.handlers.message?.(this.#owner, data, type)
      if (result !== undefined) this.#watch(result)
    } catch (error) {
      this.#handlerFailed(error)
    }
    if (this.#turn?.rests()) this.#stop()
  }

  ping(payload: Uint8Array): void {
    this.#tell((handlers) => handlers.ping?.(this.#owner, payload))
  }

  pong(payload: Uint8Array): void {
    this.#tell((handlers) => handlers.pong?.(this.#owner, payload))
  }

  write(buffer: Uint8Array, start: number, end: number, more?: boolean): void {
    this.#outbox.write(buffer, start, end, more)
  }

  closing(close: CloseInfo, error: WigwagError | undefined): void {
    this.#outbox.seal()
    // The closing handshake has a deadline that is nearer than keepalive's.
    if (this.#connection.phase === 'closing') wheel.add(this)
    this.#tell((handlers) => handlers.closing?.(this.#owner, close, error))
  }

  end(): void {
    this.#flush()
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  closed(outcome: CloseOutcome): void {
    wheel.remove(this)
    this.#release()
    this.#tell((handlers) => handlers.close?.(this.#owner, outcome))
    this.#context.forget?.(this.#owner)
  }

  /** Stops reading behind the current message. */
  #stop(): void {
    this.#connection.pause()
    this.#socket.pause()
  }

  #goOn(): void {
    this.#turn?.begin()
    this.#connection.resume()
    if (!this.#connection.paused) this.#socket.resume()
  }

  /** Lets go of the socket; what is still queued may leave until the close time-out. */
  #release(): void {
    const socket = this.#socket
    if (socket.destroyed) return
    this.#flush()
    if (this.#outbox.bufferedAmount === 0) {
      socket.destroy()
      return
    }
    socket.end()
    lingerAtMost(socket, this.#context.profile.options.closeTimeoutMs)
  }

  #flush(): void {
    if (!this.#outbox.flush()) flushQueue.holdBack()
  }

  #refuse(bufferedAmount: number, messageBytes: number): SendStatus {
    const { options, countDropped } = this.#context
    this.#wantDrain()
    countDropped?.()
    this.#tell((handlers) => handlers.slow?.(this.#owner, { bufferedAmount, messageBytes }))
    if (options.slowReader === 'close') {
      this.#connection.close(CloseCode.tryAgainLater, `Reading too slowly: ${bufferedAmount} bytes are waiting`)
    }
    return 'dropped'
  }

  /** The kernel has taken all, or an empty write behind it tells when it has. */
  #checkWritten(): void {
    const waiting = this.#waitingForWrite ?? []
    this.#waitingForWrite = undefined
    const tell = (error?: Error | null): void => {
      for (const written of waiting) written(error ?? undefined)
    }
    const socket = this.#socket
    // What left before a socket was destroyed has been written.
    if (socket.destroyed && this.#outbox.tookAll) tell()
    else if (socket.destroyed) tell(new TransportError('ERR_TRANSPORT', 'The connection ended before all was written.'))
    else if (socket.writableEnded) whenEnded(socket, tell)
    else {
      this.#flush()
      if (this.#outbox.bufferedAmount === 0) tell()
      else socket.write(NOTHING, tell)
    }
  }

  #wantDrain(): void {
    if (this.#drainWanted) return
    this.#drainWanted = true
    // At the end of the turn, with everything that is sent until then.
    atEndOfTurn(() =>
      this.whenWritten((error) => {
        if (error !== undefined || this.#connection.phase !== 'open') return
        // More was sent meanwhile.
        this.#drainWanted = false
        if (this.#outbox.bufferedAmount > 0) this.#wantDrain()
        else this.#tell((handlers) => handlers.drain?.(this.#owner))
      }),
    )
  }

  #tell(call: (handlers: SocketHandlers<Owner>) => HandlerResult): void {
    try {
      const result = call(this.#context.handlers)
      if (result !== undefined) this.#watch(result)
    } catch (error) {
      this.#handlerFailed(error)
    }
  }

  /** `result` is a promise, or whatever a handler without types happened to return. */
  #watch(result: unknown): void {
    if (isPromiseLike(result)) result.then(undefined, (error: unknown) => this.#handlerFailed(error))
  }

  #handlerFailed(error: unknown): void {
    const { handlers } = this.#context
    if (handlers.error === undefined) printFailure(error)
    else {
      // Nobody is left to be told when this fails, too.
      try {
        const result: unknown = handlers.error(error, this.#owner)
        if (isPromiseLike(result)) result.then(undefined, printFailure)
      } catch (failure) {
        printFailure(failure)
      }
    }
    this.#connection.fail(new WigwagError('ERR_STATE', 'The application failed'), CloseCode.internalError)
  }
}

const NOTHING = new Uint8Array(0)

function printFailure(error: unknown): void {
  console.error('A WebSocket handler failed:', error)
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

function isPlain(message: Sendable): message is string | Uint8Array {
  return typeof message === 'string' || message instanceof Uint8Array
}

/** What a message may take at most: UTF-8 needs up to three bytes for a UTF-16 code unit. */
function largestSize(message: Sendable): number {
  if (typeof message === 'string') return message.length * 3
  const data = message instanceof PreparedMessage ? message.data : message
  // What has no length is not judged here: `Connection.send` refuses it.
  return typeof data === 'string' ? data.length * 3 : data?.length
}

function exactSize(message: Sendable): number {
  const data = message instanceof PreparedMessage ? message.data : message
  return typeof data === 'string' ? Buffer.byteLength(data) : data.length
}
