import type { Socket } from 'node:net'
import { IS_NATIVE_ALLOWED } from './native-support.ts'
import { whileInUse } from './read-buffer-use.ts'
import { READ_BUFFER } from './simd-masking.ts'

/**
 * What Node's streams are made of, used directly: reading into one buffer that all sockets share instead of a new one
 * for every read, and writing to the handle without a pass through `Writable`. None of it is documented, so it is used
 * only in versions where it was tested and only on handles that look as expected; everything else goes through the
 * streams. `io: 'public'` never comes here, and with `WIGWAG_IO=public` in the environment nobody does.
 */

/** A `TCP` or `Pipe` handle, as far as it is used here. */
export interface NativeHandle {
  /** Called for each read, and for its end. */
  onread: (this: NativeHandle, memory?: ArrayBuffer) => unknown
  useUserBuffer(buffer: Uint8Array): void
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number
  writeLatin1String(request: WriteRequest, text: string): number
}

/** The handle of a TCP connection that no socket of `net` has been made for. */
export interface BareHandle extends NativeHandle {
  readStart(): number
  readStop(): number
  shutdown(request: ShutdownRequest): number
  close(closed: (this: BareHandle) => void): void
  setNoDelay(on: boolean): number
  getpeername(address: HandleAddress): number
  getsockname(address: HandleAddress): number
}

/** What `getpeername` and `getsockname` fill in. */
export interface HandleAddress {
  address?: string
}

/** A request to half-close. */
export interface ShutdownRequest {
  oncomplete: (status: number) => void
}

interface WriteRequest {
  oncomplete: (status: number) => void
  buffer: Uint8Array
}

interface StreamBinding {
  readonly WriteWrap: new () => WriteRequest
  readonly ShutdownWrap: new () => ShutdownRequest
  readonly streamBaseState: Int32Array
  readonly kReadBytesOrError: number
  readonly kArrayBufferOffset: number
  readonly kLastWriteWasAsync: number
}

const PARTS = [
  'WriteWrap',
  'ShutdownWrap',
  'streamBaseState',
  'kReadBytesOrError',
  'kArrayBufferOffset',
  'kLastWriteWasAsync',
] as const

const binding = loadBinding()

function loadBinding(): StreamBinding | undefined {
  if (!IS_NATIVE_ALLOWED) return undefined
  try {
    const { binding: load } = process as unknown as { binding(name: string): Partial<StreamBinding> }
    // With --pending-deprecation this warns, and with --throw-deprecation that ends the process, past any `catch`.
    if (process.throwDeprecation === true && load.name !== 'binding') return undefined
    const loaded = load('stream_wrap')
    return PARTS.every((part) => loaded[part] !== undefined) ? (loaded as StreamBinding) : undefined
  } catch {
    return undefined // the permission model forbids it
  }
}

/** The handle of a plain socket; none where there is no such thing, or TLS is between. */
export function nativeHandleOf(socket: Socket): NativeHandle | undefined {
  if (binding === undefined) return undefined
  const { _handle: handle } = socket as Socket & { _handle?: Partial<NativeHandle> | null }
  const kind = handle?.constructor.name
  if (kind !== 'TCP' && kind !== 'Pipe') return undefined
  const usable = typeof handle?.useUserBuffer === 'function' && typeof handle.writeBuffer === 'function'
  return usable ? (handle as NativeHandle) : undefined
}

/** The same of a connection that a server has accepted but not yet made a socket of. */
export function bareHandleOf(accepted: unknown): BareHandle | undefined {
  if (binding === undefined || typeof accepted !== 'object' || accepted === null) return undefined
  if (accepted.constructor.name !== 'TCP') return undefined // what comes in on a Unix socket has no address
  return BARE_METHODS.every((name) => typeof (accepted as never)[name] === 'function')
    ? (accepted as BareHandle)
    : undefined
}

const BARE_METHODS = [
  'useUserBuffer',
  'writeBuffer',
  'writeLatin1String',
  'readStart',
  'readStop',
  'shutdown',
  'close',
  'setNoDelay',
  'getpeername',
  'getsockname',
] as const

/** Whether somebody else listens for what a socket reads; that is asked only when this has been set. */
const READ_ALONG = Symbol('wigwag read along')

/** A socket with the fields that `net.connect({ onread })` fills, the documented form of the same. */
type OnReadSocket = Socket & Record<symbol, unknown> & { [READ_ALONG]?: boolean; _unrefTimer(): void }

/** Is given the first `end` bytes of `buffer`, which are overwritten when it returns. */
export type SharedReceiver = (buffer: Uint8Array, end: number, socket: Socket) => void

/** The names of those fields, which all sockets have in common. */
let onReadFields: { readonly kBuffer: symbol; readonly kBufferCallback: symbol } | undefined

function findOnReadFields(socket: Socket): typeof onReadFields {
  const symbols = Object.getOwnPropertySymbols(socket)
  const kBuffer = symbols.find(({ description }) => description === 'kBuffer')
  const kBufferCallback = symbols.find(({ description }) => description === 'kBufferCb')
  return kBuffer === undefined || kBufferCallback === undefined ? undefined : { kBuffer, kBufferCallback }
}

type ReadCallback = (this: Socket, end: number) => boolean

/** Sockets are read by one and the same function, and share what calls it. */
let lastReceiver: SharedReceiver | undefined
let lastCallback: ReadCallback | undefined

function callbackOf(receive: SharedReceiver): ReadCallback {
  if (receive === lastReceiver) return lastCallback as ReadCallback
  lastReceiver = receive
  lastCallback = function sharedRead(this: Socket, end: number): boolean {
    // Somebody else may read along (to count bytes, say): with a copy, and before masks are undone in place.
    if ((this as OnReadSocket)[READ_ALONG] !== true || this.listenerCount('data') === 0) receive(READ_BUFFER, end, this)
    else {
      try {
        whileInUse(() => this.emit('data', Buffer.from(READ_BUFFER.subarray(0, end))))
      } finally {
        receive(READ_BUFFER, end, this)
      }
    }
    return true
  }
  return lastCallback
}

/**
 * Has everything that `socket` reads put into a shared buffer: `receive(buffer, end, socket)` is given its first `end`
 * bytes, which are overwritten when it returns. Who listens for `data` is given a copy first. Returns whether it could;
 * if not, the stream's `data` is as it was.
 */
export function readShared(socket: Socket, handle: NativeHandle, receive: SharedReceiver): boolean {
  if (socket.readableLength > 0) return false // what the stream has must come first
  onReadFields ??= findOnReadFields(socket)
  if (onReadFields === undefined || !(onReadFields.kBuffer in socket)) return false
  const { kBuffer, kBufferCallback } = onReadFields
  const onReadSocket = socket as OnReadSocket
  onReadSocket[kBuffer] = READ_BUFFER
  onReadSocket[kBufferCallback] = callbackOf(receive)
  if (socket.listenerCount('data') > 0) onReadSocket[READ_ALONG] = true
  else socket.on('newListener', noticeReadAlong)
  shortenReads(handle, kBufferCallback)
  handle.useUserBuffer(READ_BUFFER)
  return true
}

function noticeReadAlong(this: OnReadSocket, event: string | symbol): void {
  if (event !== 'data') return
  this[READ_ALONG] = true
  this.off('newListener', noticeReadAlong)
}

/** What Node has every handle call for a read, and where all handles and sockets keep what is needed for it. */
let onStreamRead: NativeHandle['onread'] | undefined
let ownerSymbol: symbol | undefined
let callbackSymbol: symbol | undefined

/** Spares reads the way through `onStreamRead`, whose look-ups take longer than the frame of a small message does. */
function shortenReads(handle: NativeHandle, kBufferCallback: symbol): void {
  const { [kUnshared]: tell } = handle as UnsharedHandle
  if (tell !== undefined) {
    // It reads into the shared buffer again.
    handle.onread = tell
    ;(handle as UnsharedHandle)[kUnshared] = undefined
  }
  if (handle.onread?.name === 'onStreamRead') onStreamRead ??= handle.onread
  callbackSymbol ??= kBufferCallback
  ownerSymbol ??= Object.getOwnPropertySymbols(handle).find(({ description }) => description === 'owner_symbol')
  // Or somebody else has put something else there.
  const usual = onStreamRead !== undefined && handle.onread === onStreamRead && ownerSymbol !== undefined
  if (usual) handle.onread = readShort
}

function readShort(this: NativeHandle, memory?: ArrayBuffer): unknown {
  const { streamBaseState, kReadBytesOrError } = binding as StreamBinding
  const end = streamBaseState[kReadBytesOrError] as number
  // The end of the input, and failures.
  if (end <= 0) return (onStreamRead as NativeHandle['onread']).call(this, memory)
  const socket = (this as unknown as Record<symbol, OnReadSocket>)[ownerSymbol as symbol] as OnReadSocket
  if (socket.timeout) socket._unrefTimer()
  const callback = socket[callbackSymbol as symbol] as (this: Socket, end: number) => boolean
  callback.call(socket, end)
  return undefined
}

/** Who writes natively, to be told of what took longer. */
export interface NativeWriter {
  /** The kernel has taken the rest of a pending write, or (negative) failed to. */
  writeCompleted(status: number): void
}

/** A request is used up only by a write that the kernel does not take at once. */
let spareRequest: WriteRequest | undefined

/**
 * Writes to the handle. Returns `'done'` when the kernel took everything, `'pending'` when it will take the rest later
 * (the writer is told then, and `bytes` must not change before), or the error number of a write that failed.
 */
export function writeNative(
  handle: NativeHandle,
  bytes: Uint8Array,
  writer: NativeWriter,
): 'done' | 'pending' | number {
  const { WriteWrap, streamBaseState, kLastWriteWasAsync } = binding as StreamBinding
  spareRequest ??= new WriteWrap()
  const request = spareRequest
  const status = handle.writeBuffer(request, bytes)
  if (status !== 0) return status
  if (streamBaseState[kLastWriteWasAsync] === 0) return 'done'
  spareRequest = undefined
  request.buffer = bytes
  request.oncomplete = (completed) => writer.writeCompleted(completed)
  return 'pending'
}

/** The same for text of one byte per character, which the handle keeps itself while it is pending. */
export function writeNativeText(handle: NativeHandle, text: string, writer: NativeWriter): 'done' | 'pending' | number {
  const { WriteWrap, streamBaseState, kLastWriteWasAsync } = binding as StreamBinding
  spareRequest ??= new WriteWrap()
  const request = spareRequest
  const status = handle.writeLatin1String(request, text)
  if (status !== 0) return status
  if (streamBaseState[kLastWriteWasAsync] === 0) return 'done'
  spareRequest = undefined
  request.oncomplete = (completed) => writer.writeCompleted(completed)
  return 'pending'
}

/** What the read that is being told of came to: how many bytes lie in `READ_BUFFER`, or a (negative) error number. */
export function readResult(): number {
  const { streamBaseState, kReadBytesOrError } = binding as StreamBinding
  return streamBaseState[kReadBytesOrError] as number
}

/** A request to half-close, to be told of it. */
export function createShutdownRequest(): ShutdownRequest {
  const { ShutdownWrap } = binding as StreamBinding
  return new ShutdownWrap()
}

/** Handles whose reads were unshared, with what they called before. */
const kUnshared = Symbol('unshared')
type UnsharedHandle = NativeHandle & { [kUnshared]?: NativeHandle['onread'] | undefined }

/**
 * Has a socket of `net`, which was made on a handle that reads into `READ_BUFFER`, be told of its reads as it expects: with
 * memory of its own.
 */
export function unshareReads(handle: BareHandle): void {
  const { streamBaseState, kArrayBufferOffset } = binding as StreamBinding
  const tell = handle.onread
  ;(handle as UnsharedHandle)[kUnshared] = tell
  handle.onread = function unshared(this: NativeHandle): void {
    const bytes = readResult()
    if (bytes <= 0) tell.call(this)
    else {
      streamBaseState[kArrayBufferOffset] = 0
      tell.call(this, new Uint8Array(READ_BUFFER.subarray(0, bytes)).buffer)
    }
  }
}
