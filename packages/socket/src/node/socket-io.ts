import { Socket } from 'node:net'
import { finished, type Writable } from 'node:stream'
import { BareSocket, systemError } from './bare-socket.ts'
import type { DriverSocket, SocketReader } from './driver-socket.ts'
import { type NativeHandle, nativeHandleOf, readShared, writeNativeText } from './native-io.ts'

/** The handle behind a socket, where it can be used directly. */
export function handleOf(socket: DriverSocket): NativeHandle | undefined {
  return socket instanceof BareSocket ? socket.handle : nativeHandleOf(socket as Socket)
}

/**
 * Writes the answer to an upgrade, which is ASCII, past the stream where `native` and nothing is in the way: at that moment the kernel
 * has room for it.
 */
export function writeAnswer(socket: DriverSocket, text: string, native: boolean): void {
  const handle = native && socket.writable && socket.writableLength === 0 ? handleOf(socket) : undefined
  if (handle === undefined) {
    socket.write(text)
    return
  }
  const result = writeNativeText(handle, text, { writeCompleted() {} })
  if (typeof result === 'number') socket.destroy(systemError(result, 'write'))
}

/** Calls back when the half-close of `socket` has gone out behind everything written, or when it never will. */
export function whenEnded(socket: DriverSocket, told: (error?: Error | null) => void): void {
  if (socket instanceof BareSocket) socket.whenEnded(told)
  else finished(socket as DriverSocket & Writable, { readable: false }, told)
}

/** Sockets of `net` and `tls` know who reads them: listeners need no closure then, of which there are thousands. */
const kReader = Symbol('reader')
/** What else is to be called when one is closed: a second listener would cost an array for each of them. */
const kAtClose = Symbol('at close')
type ReadSocket = Socket & { [kReader]: SocketReader; [kAtClose]?: () => void }

/** Has no error of `socket` be without a listener, until it has a reader. */
export function ignoreErrors(socket: Socket): void {
  socket.on('error', ignore)
}

function ignore(): void {}

/** Calls back when `socket` is closed, ahead of its reader. To be called before it has one. */
export function whenClosed(socket: DriverSocket, call: () => void): void {
  if (socket instanceof BareSocket || kAtClose in socket || isRead(socket)) {
    socket.on('close', call)
    return
  }
  const closing = socket as ReadSocket
  closing[kAtClose] = call
  closing.on('close', tellClose)
}

/**
 * Has `reader` told of all that `socket` reads and of its end, from the next `resume` on. With a `handle` reads go into a
 * buffer that all sockets share.
 */
export function readFrom(socket: DriverSocket, handle: NativeHandle | undefined, reader: SocketReader): void {
  if (socket instanceof BareSocket) {
    socket.readTo(reader)
    return
  }
  const readSocket = socket as ReadSocket
  const isTold = kAtClose in readSocket
  readSocket[kReader] = reader
  if (handle === undefined || !readShared(readSocket, handle, tellRead)) tellChunks(readSocket)
  readSocket.on('end', tellEnd).on('error', tellError).off('error', ignore)
  if (!isTold) readSocket.on('close', tellClose)
}

/** Whether somebody reads `socket` that way. */
export function isRead(socket: object): boolean {
  return kReader in socket
}

function tellRead(buffer: Uint8Array, end: number, socket: Socket): void {
  ;(socket as ReadSocket)[kReader].socketRead(buffer, end, socket)
}

/** What came with an upgrade while it is told to whoever reads along: the reader has had it. */
let headTold: Buffer | undefined

/** Tells whoever reads along on `socket` of what came behind the opening handshake. */
export function tellHead(socket: DriverSocket, head: Uint8Array): void {
  // Nobody reads along on a socket that nobody has been given.
  if (head.length === 0 || socket instanceof BareSocket) return
  const readSocket = socket as ReadSocket
  if (readSocket.listenerCount('data') === 0) return
  headTold = Buffer.from(head)
  try {
    readSocket.emit('data', headTold)
  } finally {
    headTold = undefined
  }
}

function tellData(this: ReadSocket, chunk: Buffer): void {
  if (chunk === headTold) return
  this[kReader].socketChunk(chunk, this)
}

/**
 * Has `tellData` told of all that a socket reads, without what a stream does beside it. Bytes come into a stream by `push`, the
 * method that Node documents for those who make streams. While it flows and holds nothing, all that comes of it is `data`, and a
 * tick in which the stream asks itself for more; but a socket reads on until it is held up. So while that is so the chunk is taken
 * there. What is otherwise (paused, at its end) goes its usual way, and all of it would if Node came not to call `push`.
 *
 * Sockets that somebody made, on top of something else, may give a chunk only when they are asked for one, or have a `push` to see
 * what comes: they are left as they are.
 */
function tellChunks(socket: ReadSocket): void {
  socket.on('data', tellData)
  if (socket instanceof Socket && socket.push === push && socket._read === _read) socket.push = tellPush
}

const { push, _read } = Socket.prototype

function tellPush(this: ReadSocket, chunk: Buffer | null, encoding?: BufferEncoding): boolean {
  if (
    this.readableFlowing !== true ||
    this.readableLength > 0 ||
    this.readableEncoding !== null ||
    this.destroyed ||
    // Neither the end nor what others put in, for whom a stream makes bytes of text and nothing of nothing.
    !(chunk instanceof Buffer) ||
    chunk.length === 0 ||
    // Others may listen, to count bytes, say, or have taken our listener away.
    this.listenerCount('data') !== 1 ||
    this.listenerCount('data', tellData) !== 1
  ) {
    return push.call(this, chunk, encoding)
  }
  tellData.call(this, chunk)
  return true
}

function tellEnd(this: ReadSocket): void {
  this[kReader].socketEnded(this)
}

function tellError(this: ReadSocket, error: Error): void {
  this[kReader].socketFailed(error, this)
}

function tellClose(this: ReadSocket): void {
  this[kAtClose]?.()
  // Who was refused has none.
  ;(this[kReader] as SocketReader | undefined)?.socketClosed(this)
}
