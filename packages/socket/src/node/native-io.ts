import type { Socket } from 'node:net'
import { IS_NATIVE_ALLOWED } from './native-support.ts'

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
}

interface WriteRequest {
  oncomplete: (status: number) => void
  buffer: Uint8Array
}

interface StreamBinding {
  readonly WriteWrap: new () => WriteRequest
  readonly streamBaseState: Int32Array
  readonly kReadBytesOrError: number
  readonly kLastWriteWasAsync: number
}

const binding = loadBinding()

function loadBinding(): StreamBinding | undefined {
  if (!IS_NATIVE_ALLOWED) return undefined
  try {
    const { binding: load } = process as unknown as { binding(name: string): Partial<StreamBinding> }
    const { WriteWrap, streamBaseState, kReadBytesOrError, kLastWriteWasAsync } = load('stream_wrap')
    if (WriteWrap === undefined || streamBaseState === undefined) return undefined
    if (kReadBytesOrError === undefined || kLastWriteWasAsync === undefined) return undefined
    return { WriteWrap, streamBaseState, kReadBytesOrError, kLastWriteWasAsync }
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

/** What every native read goes into; it is used up before the next one comes. */
const SHARED: Uint8Array = Buffer.allocUnsafeSlow(256 * 1024)

/** Whether somebody else listens for what a socket reads; that is asked only when this has been set. */
const READ_ALONG = Symbol('wigwag read along')

/** A socket with the fields that `net.connect({ onread })` fills, the documented form of the same. */
type OnReadSocket = Socket & Record<symbol, unknown> & { [READ_ALONG]?: boolean; _unrefTimer(): void }

/**
 * Has everything that `socket` reads put into a shared buffer: `receive(buffer, end)` is given its first `end` bytes,
 * which are overwritten when it returns. Who listens for `data` is given a copy first. Returns whether it could; if not,
 * the stream's `data` is as it was.
 */
export function readShared(
  socket: Socket,
  handle: NativeHandle,
  receive: (buffer: Uint8Array, end: number) => void,
): boolean {
  if (socket.readableLength > 0) return false // what the stream has must come first
  const symbols = Object.getOwnPropertySymbols(socket)
  const kBuffer = symbols.find(({ description }) => description === 'kBuffer')
  const kBufferCallback = symbols.find(({ description }) => description === 'kBufferCb')
  if (kBuffer === undefined || kBufferCallback === undefined) return false
  const onReadSocket = socket as OnReadSocket
  onReadSocket[kBuffer] = SHARED
  onReadSocket[kBufferCallback] = (end: number): boolean => {
    // Somebody else may read along (to count bytes, say): with a copy, and before masks are undone in place.
    if (onReadSocket[READ_ALONG] !== true || socket.listenerCount('data') === 0) receive(SHARED, end)
    else {
      try {
        socket.emit('data', Buffer.from(SHARED.subarray(0, end)))
      } finally {
        receive(SHARED, end)
      }
    }
    return true
  }
  if (socket.listenerCount('data') > 0) onReadSocket[READ_ALONG] = true
  else socket.on('newListener', noticeReadAlong)
  shortenReads(handle, kBufferCallback)
  handle.useUserBuffer(SHARED)
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
