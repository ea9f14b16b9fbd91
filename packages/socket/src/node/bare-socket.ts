import { Socket } from 'node:net'
import { getSystemErrorName } from 'node:util'
import { type BareSocketListener, BareSocketState, QUIET } from './bare-socket-state.ts'
import type { DriverSocket, SocketReader } from './driver-socket.ts'
import { nextTick } from './host-time.ts'
import { KeptBytes } from './kept-bytes.ts'
import { LateWrites, type Written } from './late-writes.ts'
import type { Listed } from './live-list.ts'
import {
  type BareHandle,
  createShutdownRequest,
  type HandleAddress,
  type NativeHandle,
  readResult,
  type ShutdownRequest,
  unshareReads,
  writeNative,
} from './native-io.ts'
import { READ_BUFFER } from './simd-masking.ts'

/** libuv's number for the end of a stream, on every system. */
const EOF = -4095
/** Most bytes that are kept while nobody reads; behind that the kernel keeps them, and the peer waits. */
const MAX_KEPT_BYTES = 64 * 1024

/** What follows is not for anybody. */
const NOBODY: SocketReader = {
  socketRead() {},
  socketChunk() {},
  socketEnded() {},
  socketFailed() {},
  socketClosed() {},
}

/** Who counts the connections of a server. */
export interface ConnectionCount {
  /** One is destroyed. */
  left(): void
  /** One has become a socket of `net`, which counts itself. */
  moved(socket: Socket): void
}

/** Handles know which socket they belong to. */
const kSocket = Symbol('BareSocket')
type OwnHandle = BareHandle & { [kSocket]?: BareSocket | undefined }
type OwnShutdown = ShutdownRequest & { [kSocket]: BareSocket }

/**
 * A TCP connection without a socket of `net`: its handle, who reads it, and what is written. It does what the driver asks
 * of a socket, for half of the memory and two thirds of the time that it takes to come and go. Until somebody reads (`readTo`,
 * `resume`), what comes is kept. The peer may half-close.
 */
export class BareSocket implements DriverSocket, Listed {
  livePlace = -1
  /** Until when it may say nothing: for whoever has accepted it. */
  deadlineMs = 0
  #handle: OwnHandle | undefined
  #reader: SocketReader | undefined
  readonly #gone: () => void
  /** To be changed through `#own`. */
  #state = QUIET
  #pendingBytes = 0
  /** Mostly there is one, for `close`. */
  #onClose: (() => void) | undefined
  #count: ConnectionCount | undefined

  /**
   * Takes the handle of an accepted connection and reads it for `reader`. `gone` is told when the connection is closed,
   * whoever has it then.
   */
  constructor(handle: BareHandle, reader: SocketReader, gone: () => void) {
    this.#handle = handle
    this.#reader = reader
    this.#gone = gone
    this.#handle[kSocket] = this
    handle.onread = BareSocket.#onRead
    handle.useUserBuffer(READ_BUFFER)
    const status = handle.readStart()
    if (status < 0) this.destroy(systemError(status, 'read'))
  }

  /** To write past this socket; none once it is destroyed. */
  get handle(): BareHandle | undefined {
    return this.#handle
  }

  get writable(): boolean {
    return this.#handle !== undefined && this.#state.writeEnd === 'no'
  }

  get writableEnded(): boolean {
    return this.#state.writeEnd !== 'no'
  }

  get writableLength(): number {
    return this.#pendingBytes
  }

  get destroyed(): boolean {
    return this.#state.net === undefined ? this.#handle === undefined : this.#state.net.destroyed
  }

  get closed(): boolean {
    return this.#state.net === undefined ? this.#state.closed : this.#state.net.closed
  }

  get remoteAddress(): string | undefined {
    const name: HandleAddress = {}
    this.#handle?.getpeername(name)
    return name.address
  }

  get localAddress(): string | undefined {
    const name: HandleAddress = {}
    this.#handle?.getsockname(name)
    return name.address
  }

  /** This connection: itself, or the socket of `net` that it has become. */
  get current(): DriverSocket {
    return this.#state.net ?? this
  }

  /** Has `count` told when it is destroyed; with none, nobody. */
  countIn(count: ConnectionCount | undefined): void {
    this.#count = count
  }

  /** Keeps a copy of these bytes as if they came next. To be called while nobody reads. */
  keep(buffer: Uint8Array, start: number, end: number): void {
    if (start === end) return
    const state = this.#own()
    state.kept ??= new KeptBytes(end - start)
    state.kept.add(buffer, start, end)
  }

  /** Has `reader` told from the next `resume` on; with none, what comes is kept. */
  readTo(reader: SocketReader | undefined): void {
    this.#reader = reader
  }

  /** What is kept, for somebody else to tell. */
  takeKept(): Buffer {
    const kept = this.#dropKept()
    return kept === undefined ? NOTHING : asBuffer(kept)
  }

  pause(): void {
    this.#own().paused = true
    this.#handle?.readStop()
  }

  /** Tells what was kept and reads on; what nobody wants is dropped. */
  resume(): void {
    this.#reader ??= NOBODY
    if (this.#state.paused) this.#own().paused = false
    const kept = this.#dropKept()
    if (kept !== undefined) this.#reader.socketChunk(kept.bytes, this)
    // Whoever was told may have paused again, or dropped the connection.
    if (this.#state.paused || this.#handle === undefined) return
    if (this.#state.readEnd === 'kept') this.#tellEnd()
    else if (this.#state.readEnd === 'no') this.#handle.readStart()
  }

  // What is written leaves at once: there is nothing to hold back.
  cork(): void {}

  uncork(): void {}

  /** Writes bytes, or text as UTF-8. */
  write(data: Uint8Array | string, written?: Written): boolean {
    const handle = this.#handle
    if (handle === undefined || this.#state.writeEnd !== 'no') {
      if (written !== undefined) nextTick(written, new Error('The socket has ended.'))
      return false
    }
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    this.#pendingBytes += bytes.length
    const { late } = this.#state
    if (late !== undefined) late.add(bytes, written)
    else if (this.#writeNow(handle, bytes, written) === 'pending') this.#own().late = new LateWrites()
    return this.#pendingBytes === 0
  }

  /** Half-closes behind what was written. */
  end(data?: string): void {
    if (data !== undefined) this.write(data)
    const handle = this.#handle
    if (handle === undefined || this.#state.writeEnd !== 'no') return
    this.#own().writeEnd = 'asked'
    this.#writeLate('all')
    const request = createShutdownRequest() as OwnShutdown
    request[kSocket] = this
    request.oncomplete = BareSocket.#onShutdown
    // 1 is for what is half-closed already; an error means that the peer is gone, which a read will tell.
    if (handle.shutdown(request) !== 0) this.#finish()
  }

  /** Calls back when the half-close has gone out behind everything written, or when it never will. */
  whenEnded(told: (error?: Error) => void): void {
    if (this.#state.writeEnd === 'done') nextTick(told)
    else if (this.#state.closed) nextTick(told, new Error('The socket was closed before.'))
    else {
      const state = this.#own()
      state.whenEnded ??= []
      state.whenEnded.push(told)
    }
  }

  destroy(error?: Error): void {
    const handle = this.#handle
    if (handle === undefined) {
      this.#state.net?.destroy(error) // for who has known it since before
      return
    }
    this.#handle = undefined
    this.#dropKept()
    if (error !== undefined) this.#own().error = error
    this.#count?.left()
    handle.close(BareSocket.#onClosed)
  }

  on(event: 'close', call: () => void): void {
    if (this.#onClose === undefined) this.#onClose = call
    else this.#listen({ event, call, once: false })
  }

  once(event: 'close' | 'end', call: () => void): void {
    this.#listen({ event, call, once: true })
  }

  off(event: 'close' | 'end', call: () => void): void {
    if (event === 'close' && this.#onClose === call) this.#onClose = undefined
    const { listeners } = this.#state
    if (listeners === undefined) return
    this.#own().listeners = listeners.filter((listener) => listener.event !== event || listener.call !== call)
  }

  /**
   * Gives the connection away, to a socket of `net` that `adopt` makes on its handle; listeners move with it, and what
   * was kept is put back. This socket is empty from then on.
   */
  handOver(adopt: (handle: BareHandle) => Socket | undefined): Socket | undefined {
    const handle = this.#handle as OwnHandle
    handle.readStop()
    handle[kSocket] = undefined
    this.#handle = undefined
    const socket = adopt(handle)
    if (socket === undefined) {
      this.#gone()
      return undefined
    }
    unshareReads(handle)
    socket.on('close', this.#gone)
    if (this.#onClose !== undefined) socket.on('close', this.#onClose)
    for (const { event, call, once } of this.#state.listeners ?? []) {
      if (once) socket.once(event, call)
      else socket.on(event, call)
    }
    if (this.#state.kept !== undefined) socket.unshift(asBuffer(this.#state.kept))
    if (this.#state.readEnd !== 'no') socket.push(null)
    return socket
  }

  /**
   * This connection as a socket of `net`, for who wants to have one: made when first asked for, at any time. The reader is
   * told that it has moved. Where there is no connection any more it is a destroyed one.
   */
  toNet(): Socket {
    const { net } = this.#state
    if (net !== undefined) return net
    const moved = this.#moveToNet()
    this.#own().net = moved
    return moved
  }

  #moveToNet(): Socket {
    const reader = this.#reader
    if (this.#handle === undefined) return new Socket().destroy()
    this.#writeLate('all') // on the handle, ahead of what the other will write
    const socket = this.handOver(openSocket) as Socket
    this.#own().net = socket
    this.#reader = undefined
    this.#count?.moved(socket)
    socket.on('error', () => {})
    if (this.#state.writeEnd !== 'no') socket.end()
    if (reader !== undefined && reader !== NOBODY) reader.socketMoved?.(socket)
    return socket
  }

  // Called by handles and requests: functions that all sockets share, because each of them lives as long as its socket.

  static readonly #onRead = function onRead(this: NativeHandle): void {
    const socket = (this as OwnHandle)[kSocket]
    if (socket !== undefined) socket.#read()
  }

  static readonly #onShutdown = function onShutdown(this: OwnShutdown): void {
    this[kSocket].#finish()
  }

  static readonly #onClosed = function onClosed(this: OwnHandle): void {
    const socket = this[kSocket]
    this[kSocket] = undefined
    if (socket !== undefined) socket.#close()
  }

  #read(): void {
    const result = readResult()
    if (result > 0) {
      if (this.#reader !== undefined) this.#reader.socketRead(READ_BUFFER, result, this)
      else this.#keepRead(result)
    } else if (result === EOF) {
      // What came before the end must be told before it.
      if (this.#state.kept === undefined) this.#tellEnd()
      else this.#own().readEnd = 'kept'
    } else if (result < 0) this.destroy(systemError(result, 'read'))
  }

  /** The state of this socket alone. */
  #own(): BareSocketState {
    if (this.#state === QUIET) this.#state = new BareSocketState()
    return this.#state
  }

  #dropKept(): KeptBytes | undefined {
    const { kept } = this.#state
    if (kept !== undefined) this.#own().kept = undefined
    return kept
  }

  #close(): void {
    this.#own().closed = true
    this.#tellEnded(new Error('The socket was closed before.'))
    const reader = this.#reader ?? NOBODY
    if (this.#state.error !== undefined) reader.socketFailed(this.#state.error, this)
    reader.socketClosed(this)
    this.#emit('close')
    this.#gone()
  }

  #keepRead(bytes: number): void {
    this.keep(READ_BUFFER, 0, bytes)
    if (this.#state.kept !== undefined && this.#state.kept.length >= MAX_KEPT_BYTES) this.pause()
  }

  #tellEnd(): void {
    this.#own().readEnd = 'told'
    this.#reader?.socketEnded(this)
    this.#emit('end')
    if (this.#state.writeEnd === 'done') this.destroy()
  }

  /** Writes what `#pendingBytes` counts already. */
  #writeNow(handle: BareHandle, bytes: Uint8Array, written: Written | undefined): 'done' | 'pending' | number {
    const result = writeNative(handle, bytes, {
      writeCompleted: (status) => {
        const error = this.#writeCompleted(bytes.length, status)
        written?.(error)
        this.#writeLate('next')
      },
    })
    if (result === 'pending') return result
    const error = this.#writeCompleted(bytes.length, result === 'done' ? 0 : result)
    if (written !== undefined) nextTick(written, error)
    return result
  }

  #writeCompleted(bytes: number, status: number): Error | undefined {
    this.#pendingBytes -= bytes
    if (status >= 0) return undefined
    const error = systemError(status, 'write')
    this.destroy(error)
    return error
  }

  /** Writes what came behind a pending write: until the next one is pending, or all of it. */
  #writeLate(until: 'next' | 'all'): void {
    const late = this.#state.late
    for (let next = late?.take(); next !== undefined; next = late?.take()) {
      const handle = this.#handle
      if (handle === undefined) {
        this.#pendingBytes -= next.bytes.length
        next.written?.(this.#state.error ?? new Error('The socket was closed before.'))
      } else if (this.#writeNow(handle, next.bytes, next.written) === 'pending' && until === 'next') return
    }
    if (late !== undefined) this.#own().late = undefined
  }

  #finish(): void {
    this.#own().writeEnd = 'done'
    this.#tellEnded()
    if (this.#state.readEnd === 'told') this.destroy()
  }

  #tellEnded(error?: Error): void {
    const ended = this.#state.whenEnded
    if (ended === undefined) return
    this.#own().whenEnded = undefined
    for (const tell of ended) tell(error)
  }

  #listen(listener: BareSocketListener): void {
    const state = this.#own()
    state.listeners ??= []
    state.listeners.push(listener)
  }

  #emit(event: 'close' | 'end'): void {
    if (event === 'close') this.#onClose?.()
    for (const { event: wanted, call, once } of this.#state.listeners ?? []) {
      if (wanted !== event) continue
      if (once) this.off(event, call)
      call()
    }
  }
}

const NOTHING = Buffer.alloc(0)

function asBuffer(kept: KeptBytes): Buffer {
  const { buffer, byteOffset, length } = kept.bytes
  return Buffer.from(buffer, byteOffset, length)
}

/** A socket of `net` on the handle of an accepted connection, which may half-close. */
export function openSocket(handle: BareHandle): Socket {
  const options = { handle, allowHalfOpen: true, readable: true, writable: true }
  return new Socket(options as ConstructorParameters<typeof Socket>[0])
}

/** The error that Node's sockets have for a (negative) error number of the system. */
export function systemError(status: number, call: string): Error {
  const code = getSystemErrorName(status)
  return Object.assign(new Error(`${call} ${code}`), { code, syscall: call })
}
