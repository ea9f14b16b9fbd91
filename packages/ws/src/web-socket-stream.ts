import { Duplex, type DuplexOptions } from 'node:stream'
import { ReadyState } from './ready-state.ts'
import type { WebSocket } from './web-socket.ts'

type Done = (error?: Error | null) => void

/**
 * A WebSocket as a stream of bytes: each message that comes is a chunk (text as a string with `readableObjectMode`), each
 * chunk written is a binary message (a string is text with `decodeStrings: false`). It closes the socket when it has been
 * ended, and terminates it when it is destroyed.
 */
export function createWebSocketStream(socket: WebSocket, options?: DuplexOptions): Duplex {
  return new WebSocketStream(socket, options)
}

class WebSocketStream extends Duplex {
  readonly #socket: WebSocket
  /** A failed connection says so to its peer: it must not be terminated before it has. */
  #failed = false

  constructor(socket: WebSocket, options: DuplexOptions = {}) {
    super({ ...options, autoDestroy: false, emitClose: false, objectMode: false, writableObjectMode: false })
    this.#socket = socket
    socket.on('message', (data, isBinary) => {
      const chunk = !isBinary && this.readableObjectMode ? String(data) : data
      if (!this.push(chunk)) socket.pause()
    })
    socket.once('error', (error: Error) => {
      if (this.destroyed) return
      this.#failed = true
      this.destroy(error)
    })
    socket.once('close', () => {
      if (!this.destroyed) this.push(null)
    })
    this.on('end', () => {
      if (!this.destroyed && this.writableFinished) this.destroy()
    })
    const failed = (error: Error): void => {
      this.removeListener('error', failed)
      this.destroy()
      // Nobody else listens: it is thrown, as it would be without this listener.
      if (this.listenerCount('error') === 0) this.emit('error', error)
    }
    this.on('error', failed)
  }

  override _read(): void {
    if (this.#socket.isPaused) this.#socket.resume()
  }

  override _write(chunk: unknown, _encoding: string, done: Done): void {
    this.#whenOpen(() => this.#socket.send(chunk, done))
  }

  override _final(done: Done): void {
    this.#whenOpen(() => {
      const { _socket: transport } = this.#socket
      // The opening handshake failed: the error says so.
      if (transport === null) return
      if (transport.writableFinished) {
        done()
        if (this.readableEnded) this.destroy()
        return
      }
      const finish = (): void => {
        transport.off('finish', finish)
        this.#socket.off('close', finish)
        done()
      }
      transport.once('finish', finish)
      // A connection that is lost never finishes. Before the end of what can be read is told.
      this.#socket.prependOnceListener('close', finish)
      this.#socket.close()
    })
  }

  override _destroy(error: Error | null, done: Done): void {
    const socket = this.#socket
    const closed = (): void => {
      process.nextTick(() => this.emit('close'))
    }
    if (socket.readyState === ReadyState.CLOSED) {
      done(error)
      closed()
      return
    }
    let isDone = false
    const finish = (failure: Error | null): void => {
      if (!isDone) done(failure)
      isDone = true
    }
    socket.once('error', finish)
    socket.once('close', () => {
      finish(error)
      closed()
    })
    if (!this.#failed) socket.terminate()
  }

  #whenOpen(act: () => void): void {
    if (this.#socket.readyState === ReadyState.CONNECTING) this.#socket.once('open', act)
    else act()
  }
}
