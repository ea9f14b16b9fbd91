import type { Socket } from 'node:net'
import { CloseCode, type CloseOutcome, type NodeWebSocket } from '@wigwag/socket'
import type { ResolvedJointOptions } from './joint-options.ts'
import type { StreamReader } from './stream-reader.ts'

/**
 * The subprotocol in which an empty message says what a FIN says on a stream: nothing more comes from here, and what comes
 * from there is still read. WebSocket itself has no half-close; without this the first end closes both directions.
 */
export const STREAM_SUBPROTOCOL = 'wigwag.stream.v1'

const EMPTY = new Uint8Array(0)

/**
 * A WebSocket and a stream (TCP or unix socket), joined: bytes of the one become bytes of the other, in messages of any size.
 * Each is paused while the other has no room, so that a connection holds a bounded number of bytes, however fast the one
 * and slow the other.
 *
 * Only a WebSocket that was closed in good order, because its sender was done, ends the stream with a FIN. Anything else
 * resets it, so that nobody takes half of something for all of it.
 */
export class Joint {
  readonly #stream: Socket
  readonly #options: ResolvedJointOptions
  readonly #reader: StreamReader | undefined
  #webSocket: NodeWebSocket<unknown> | undefined
  #hasHalfClose = false
  /** Whether the stream has ended; nothing more comes from it. */
  #streamEnded = false
  /** Whether the WebSocket's side has; the stream was told. */
  #webSocketEnded = false
  #isWebSocketPaused = false
  #toStreamBytes = 0
  #fromStreamBytes = 0

  /** Takes a connected stream with `allowHalfOpen`, paused, and what reads it, if that is not `data` events. Nothing is read of it before `open`. */
  constructor(stream: Socket, options: ResolvedJointOptions, reader?: StreamReader) {
    this.#stream = stream
    this.#options = options
    this.#reader = reader
    stream.on('error', () => {}) // told by 'close' as well
  }

  /** Bytes that came in messages. */
  get toStreamBytes(): number {
    return this.#toStreamBytes
  }

  /** Bytes that went out in messages. */
  get fromStreamBytes(): number {
    return this.#fromStreamBytes
  }

  /** The opening handshake is done. */
  open(webSocket: NodeWebSocket<unknown>): void {
    this.#webSocket = webSocket
    this.#hasHalfClose = webSocket.protocol === STREAM_SUBPROTOCOL
    const stream = this.#stream
    if (stream.destroyed) {
      this.#fail('The stream has gone')
      return
    }
    this.#reader?.readTo((chunk) => this.#send(chunk))
    // What a reader reads is in no event, unless the runtime knows of no `onread`.
    stream.on('data', (chunk: Buffer) => this.#send(chunk))
    stream
      .on('drain', () => this.#resumeWebSocket())
      .once('end', () => this.#endWebSocket())
      .once('close', (hadError: boolean) => this.#streamClosed(hadError))
    const { idleTimeoutMs } = this.#options
    if (idleTimeoutMs > 0) {
      stream.setTimeout(idleTimeoutMs, () => webSocket.close(CloseCode.goingAway, 'Nothing was sent for too long'))
    }
    stream.resume()
  }

  /** A message came: text as its UTF-8 bytes. */
  message(bytes: Uint8Array): void {
    if (bytes.length === 0) {
      if (this.#hasHalfClose) this.#endStream()
      return
    }
    if (this.#webSocketEnded) {
      this.#webSocket?.close(CloseCode.policyViolation, 'A message came behind the empty one, which was the last')
      return
    }
    this.#toStreamBytes += bytes.length
    if (!this.#stream.writable || this.#stream.write(bytes) || this.#isWebSocketPaused) return
    this.#isWebSocketPaused = true
    this.#webSocket?.pause()
  }

  /** All that was sent to the WebSocket has left. */
  drained(): void {
    this.#stream.resume()
  }

  /** The WebSocket is closed. */
  closed({ clean, code }: CloseOutcome): void {
    const stream = this.#stream
    const isWhole = this.#webSocketEnded || (clean && WHOLE.has(code))
    if (!isWhole || stream.destroyed) {
      resetStream(stream)
      return
    }
    this.#endStream()
    // What it still sends is read, or a reset would overtake what it was sent.
    this.#reader?.readTo(undefined)
    stream.removeAllListeners('data').resume()
    stream.setTimeout(0)
    // Not its idle time: one that goes on sending would never be idle.
    const timer = setTimeout(() => resetStream(stream), this.#options.lingerMs)
    stream.once('close', () => clearTimeout(timer))
  }

  /** Drops the stream when its WebSocket has not come to be. */
  abandonUnlessOpen(): void {
    if (this.#webSocket === undefined) resetStream(this.#stream)
  }

  /** Returns whether nothing that was sent is needed any more. */
  #send(chunk: Uint8Array): boolean {
    const webSocket = this.#webSocket
    const status = webSocket?.send(chunk)
    if (status === 'ok' || status === 'queued') this.#fromStreamBytes += chunk.length
    if (status === 'queued') this.#stream.pause()
    return webSocket?.bufferedAmount === 0
  }

  #endWebSocket(): void {
    this.#streamEnded = true
    const webSocket = this.#webSocket
    if (!this.#hasHalfClose) webSocket?.close(CloseCode.normal, 'The stream has ended')
    else {
      webSocket?.send(EMPTY)
      if (this.#webSocketEnded) webSocket?.close(CloseCode.normal)
    }
  }

  #endStream(): void {
    if (this.#webSocketEnded) return
    this.#webSocketEnded = true
    this.#stream.end()
    if (this.#streamEnded && this.#hasHalfClose) this.#webSocket?.close(CloseCode.normal)
  }

  #streamClosed(hadError: boolean): void {
    // Nothing waits for it any more, and the WebSocket has a Close frame to read.
    this.#resumeWebSocket()
    if (hadError || !this.#streamEnded) this.#fail('The stream has failed')
    // It reads no more: who still sends to it would send into the void.
    else this.#webSocket?.close(CloseCode.normal, 'The stream has ended')
  }

  #fail(reason: string): void {
    this.#webSocket?.close(CloseCode.internalError, reason)
  }

  #resumeWebSocket(): void {
    if (!this.#isWebSocketPaused) return
    this.#isWebSocketPaused = false
    this.#webSocket?.resume()
  }
}

/** Codes with which a sender has sent all that it wanted to: done, or none. A page that is left (1001) was in the middle of it. */
const WHOLE: ReadonlySet<number> = new Set([CloseCode.normal, CloseCode.noStatus])

function resetStream(stream: Socket): void {
  if (stream.destroyed) return
  // Unix sockets know no reset.
  if (stream.remoteFamily === undefined) stream.destroy()
  else stream.resetAndDestroy()
}
