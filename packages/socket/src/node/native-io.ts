import type { Socket } from 'node:net'

/**
 * What Node's streams are made of, used directly: reading into one buffer that all sockets share instead of a new one
 * for every read, and writing to the handle without a pass through `Writable`. None of it is documented, so it is used
 * only in versions where it was tested and only on handles that look as expected; everything else goes through the
 * streams. `io: 'public'` never comes here.
 */

/** Majors of Node in which the test suite has passed with it. */
const TESTED_MAJORS = [20, 22, 24]

/** A `TCP` or `Pipe` handle, as far as it is used here. */
export interface NativeHandle {
  /** Called for each read, with its result in the binding's state. */
  onread: (this: NativeHandle, nothing: unknown) => unknown
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
  const [major] = process.versions.node.split('.')
  if (!TESTED_MAJORS.includes(Number(major)) || process.versions['bun'] !== undefined) return undefined
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

/** Who reads natively. */
export interface NativeReader {
  /** The first `end` bytes of `buffer` have been read; they are overwritten when this returns. */
  receiveShared(buffer: Uint8Array, end: number): void
}

/** Whose a handle's bytes are; and whether somebody else reads along, which is asked of the socket only then. */
const READER = Symbol('wigwag reader')
const READ_ALONG = Symbol('wigwag read along')

type ReadHandle = NativeHandle & { [READER]?: NativeReader; [READ_ALONG]?: boolean }
/** A socket with its inner fields. */
type InnerSocket = Socket &
  Record<symbol, unknown> & {
    readonly _handle?: ReadHandle | null
    /** Something happened: a time-out of the socket begins anew. */
    _unrefTimer(): void
  }

/** What Node itself does with each read, the same for every socket, and its link from a handle to the socket. */
let onStreamRead: NativeHandle['onread'] | undefined
let owner: symbol | undefined

/**
 * Has everything that `socket` reads put into a shared buffer and given to `reader`. Who listens for `data` is given a
 * copy first. Returns whether it could; if not, the stream's `data` is as it was.
 */
export function readShared(socket: Socket, handle: NativeHandle, reader: NativeReader): boolean {
  if (socket.readableLength > 0) return false // what the stream has must come first
  const kBuffer = symbolOf(socket, 'kBuffer')
  owner ??= symbolOf(handle, 'owner_symbol')
  onStreamRead ??= handle.onread
  if (kBuffer === undefined || owner === undefined || typeof onStreamRead !== 'function') return false
  const inner = socket as InnerSocket
  if (handle.onread !== onStreamRead || inner[kBuffer] !== null) return false // somebody else has taken it over
  // Streams look at this when they are paused: what `net.connect({ onread })` fills, the documented form of the same.
  inner[kBuffer] = SHARED
  const read = handle as ReadHandle
  read[READER] = reader
  read[READ_ALONG] = socket.listenerCount('data') > 0
  socket.on('newListener', noticeListener)
  handle.onread = receiveRead
  handle.useUserBuffer(SHARED)
  return true
}

function symbolOf(object: object, description: string): symbol | undefined {
  return Object.getOwnPropertySymbols(object).find((symbol) => symbol.description === description)
}

function noticeListener(this: Socket, event: string | symbol): void {
  const { _handle: handle } = this as InnerSocket
  if (event === 'data' && handle) handle[READ_ALONG] = true
}

/** In the place of `onStreamRead`: a pass through it costs as much as reading a small message does. */
function receiveRead(this: ReadHandle, nothing: unknown): unknown {
  const { streamBaseState, kReadBytesOrError } = binding as StreamBinding
  const end = streamBaseState[kReadBytesOrError] as number
  const reader = this[READER]
  // The end of the input, and errors.
  if (end <= 0 || reader === undefined) return onStreamRead?.call(this, nothing)
  const socket = (this as unknown as Record<symbol, InnerSocket>)[owner as symbol] as InnerSocket
  if (socket.timeout) socket._unrefTimer()
  if (this[READ_ALONG] !== true) reader.receiveShared(SHARED, end)
  else {
    // Such as to count bytes: with a copy, and before masks are undone in place.
    try {
      if (socket.listenerCount('data') > 0) socket.emit('data', Buffer.from(SHARED.subarray(0, end)))
    } finally {
      reader.receiveShared(SHARED, end)
    }
  }
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
