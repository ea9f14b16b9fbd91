import { getSystemErrorName } from 'node:util'
import type { EncodedFrame } from '../core/index.ts'
import type { Flushable, FlushQueue } from './flush-queue.ts'
import type { WrittenSocket } from './foreign-stream.ts'
import { type NativeHandle, type NativeWriter, writeNative } from './native-io.ts'

/** A range of bytes waiting to be written. */
interface Range {
  buffer: Uint8Array
  start: number
  end: number
}

/** What waits is written at once above this, rather than at the end of the turn. */
const FLUSH_ABOVE_BYTES = 64 * 1024
/** Several ranges up to this size are joined into one write; larger ones leave as they are, in one `writev`. */
const JOIN_UP_TO_BYTES = 16 * 1024

/**
 * What one socket has been given to write. Ranges that follow each other in the arena, as the frames of one sender or
 * of a broadcast do, grow into one and leave in one write without a copy.
 */
export class Outbox implements Flushable, NativeWriter {
  #socket: WrittenSocket
  /** What the connection was before, as long as it has bytes to write. */
  #former: WrittenSocket | undefined
  readonly #handle: NativeHandle | undefined
  readonly #queue: FlushQueue
  // The first range has fields of its own: mostly it is the only one.
  #buffer: Uint8Array | undefined
  #start = 0
  #end = 0
  #more: Range[] | undefined
  #waitingBytes = 0
  /** Whether the kernel had taken everything when we last looked; the socket is asked only when it had not. */
  #kernelTookAll: boolean
  /** Up to how much may be waiting for `takeFrame`; 0 when frames must go through the connection, and negative while sealed. */
  #quickBytes: number

  /** Bytes of a native write that the kernel has not taken yet. */
  #pendingBytes = 0
  /** Whether something was dropped, because the socket had ended. */
  #lost = false

  /**
   * `handle`: where to write past the stream, if that is possible. `quickBytes`: below how many waiting bytes encoded
   * frames may be taken as they are; 0 for never.
   */
  constructor(socket: WrittenSocket, handle: NativeHandle | undefined, queue: FlushQueue, quickBytes: number) {
    this.#socket = socket
    this.#handle = handle
    this.#queue = queue
    this.#quickBytes = Math.min(quickBytes, FLUSH_ABOVE_BYTES)
    // An HTTP answer, the 101 itself, may still be on its way.
    this.#kernelTookAll = socket.writableLength === 0
  }

  /** Bytes that the kernel has not taken yet. */
  get bufferedAmount(): number {
    if (this.#kernelTookAll) return this.#waitingBytes
    const bytes = this.#waitingBytes + this.#pendingBytes + this.#socket.writableLength
    return this.#former === undefined ? bytes : bytes + this.#formerBytes(this.#former)
  }

  /** The connection has become another socket, on the same handle. */
  moveTo(socket: WrittenSocket): void {
    if (this.#socket.writableLength > 0) this.#former = this.#socket
    this.#socket = socket
  }

  #formerBytes(former: WrittenSocket): number {
    const bytes = former.writableLength
    if (bytes === 0) this.#former = undefined
    return bytes
  }

  /** Whether the kernel is known to have taken everything, also of a socket that was destroyed since. */
  get tookAll(): boolean {
    return !this.#lost && this.#kernelTookAll && this.#waitingBytes === 0
  }

  /** Those of them that have not been flushed. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /**
   * Takes a frame of a broadcast that another socket has had encoded in this turn, when there is nothing to decide: the
   * connection is open and its peer keeps up. A broadcast to thousands is bound by the memory it touches, and this
   * touches nothing of a socket but its outbox. Returns whether it did.
   */
  takeFrame({ arena, generation, buffer, start, end }: EncodedFrame): boolean {
    if (this.#waitingBytes + end - start >= this.#quickBytes || !this.#kernelTookAll) return false
    if (arena !== this.#queue.arena || generation !== arena.generation) return false
    this.write(buffer, start, end)
    return true
  }

  /**
   * Takes the frame that lies last in the arena, when it is the one of `data` with the first byte `first` and follows what
   * waits here: the same message, sent to many sockets one behind the other, is encoded for the first of them. As with
   * `takeFrame`, nothing else of a socket is touched. Returns whether it did.
   */
  takeLatest(data: unknown, first: number): boolean {
    const { arena } = this.#queue
    const { latestStart, used } = arena
    const waiting = this.#waitingBytes
    if (waiting + used - latestStart >= this.#quickBytes || !this.#kernelTookAll) return false
    if (waiting > 0 && (this.#end !== latestStart || this.#buffer !== arena.buffer || this.#more !== undefined))
      return false
    if (!arena.endsWith(data, first)) return false
    this.write(arena.buffer, latestStart, used)
    return true
  }

  /** No frame may be taken without asking the connection: it is not open any more, or in the middle of a message. */
  seal(): void {
    this.#quickBytes = -Math.abs(this.#quickBytes)
  }

  /** Undoes `seal`. */
  unseal(): void {
    this.#quickBytes = Math.abs(this.#quickBytes)
  }

  /** Takes `buffer[start, end)` behind what is waiting. With `more` it is the first part of a frame, and is not written without the rest. */
  write(buffer: Uint8Array, start: number, end: number, more = false): void {
    if (this.#waitingBytes === 0) {
      this.#buffer = buffer
      this.#start = start
      this.#end = end
      this.#waitingBytes = end - start
      this.#queue.add(this)
      return
    }
    this.#waitingBytes += end - start
    const last = this.#more?.at(-1)
    if (last !== undefined) {
      if (last.buffer === buffer && last.end === start) last.end = end
      else this.#more?.push({ buffer, start, end })
    } else if (this.#buffer === buffer && this.#end === start) this.#end = end
    else this.#more = [{ buffer, start, end }]
    if (this.#waitingBytes > FLUSH_ABOVE_BYTES && !more && !this.flush()) this.#queue.holdBack()
  }

  /** Returns whether nothing that was flushed is still needed where it lies. */
  flush(): boolean {
    const first = this.#buffer
    if (first === undefined) return true
    const more = this.#more
    const bytes = this.#waitingBytes
    this.#buffer = undefined
    this.#waitingBytes = 0
    // Nothing of the socket is looked at: of a thousand that are sent a few bytes each, the memory would have to come.
    if (more === undefined && this.#handle !== undefined && this.#kernelTookAll) {
      return this.#writeNative(this.#handle, this.#queue.viewOf(first, this.#start, this.#end))
    }
    this.#more = undefined
    const socket = this.#socket
    if (!socket.writable) {
      this.#lost = true
      return true
    }
    if (!this.#kernelTookAll && this.#pendingBytes + socket.writableLength > 0) {
      return this.#queueBehind(first, more ?? [], bytes)
    }
    if (more === undefined) {
      const view = this.#queue.viewOf(first, this.#start, this.#end)
      if (this.#handle !== undefined) return this.#writeNative(this.#handle, view)
      socket.write(view)
    } else this.#writeAll([{ buffer: first, start: this.#start, end: this.#end }, ...more], bytes)
    this.#kernelTookAll = socket.writableLength === 0
    return this.#kernelTookAll
  }

  /**
   * The kernel is full: what comes behind may wait for long. So that a slow reader's few bytes keep neither a whole
   * arena in memory nor the arena from being recycled, they are copied; only what is most of its buffer is not.
   */
  #queueBehind(first: Uint8Array, more: readonly Range[], bytes: number): boolean {
    let copiedAll = true
    const views = [{ buffer: first, start: this.#start, end: this.#end }, ...more].map(({ buffer, start, end }) => {
      const view = buffer.subarray(start, end)
      if (bytes <= JOIN_UP_TO_BYTES) return view
      if (view.length * 2 < buffer.length) return Buffer.from(view)
      copiedAll = false
      return view
    })
    if (bytes <= JOIN_UP_TO_BYTES) this.#socket.write(Buffer.concat(views, bytes))
    else for (const view of views) this.#socket.write(view)
    this.#kernelTookAll = false
    return copiedAll
  }

  #writeNative(handle: NativeHandle, view: Uint8Array): boolean {
    const result = writeNative(handle, view, this)
    this.#kernelTookAll = result !== 'pending'
    if (result === 'pending') this.#pendingBytes = view.length
    else if (result !== 'done') this.#writeFailed(result)
    return this.#kernelTookAll
  }

  #writeFailed(status: number): void {
    // Or it had ended, by our side.
    if (this.#socket.writable) this.#socket.destroy(writeError(status))
    else this.#lost = true
  }

  writeCompleted(status: number): void {
    this.#pendingBytes = 0
    if (status < 0) this.#socket.destroy(writeError(status))
  }

  #writeAll(ranges: readonly Range[], bytes: number): void {
    const views = ranges.map(({ buffer, start, end }) => buffer.subarray(start, end))
    if (bytes <= JOIN_UP_TO_BYTES) {
      this.#socket.write(Buffer.concat(views, bytes))
      return
    }
    this.#socket.cork()
    for (const view of views) this.#socket.write(view)
    this.#socket.uncork()
  }
}

function writeError(status: number): Error {
  return Object.assign(new Error(`write ${getSystemErrorName(status)}`), { code: getSystemErrorName(status) })
}
