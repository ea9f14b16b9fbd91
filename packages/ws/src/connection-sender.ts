import type { Duplex } from 'node:stream'
import type { Pump } from '@wigwag/socket/driver'
import type { SocketOwner } from './socket-context.ts'

/**
 * What programs find as `_sender`: the way past `send` for frames that `Sender.frame` has encoded, which socket.io's
 * adapter encodes once for all of a broadcast.
 */
export class ConnectionSender {
  readonly #pump: Pump<SocketOwner>
  readonly _socket: Duplex

  constructor(pump: Pump<SocketOwner>, socket: Duplex) {
    this.#pump = pump
    this._socket = socket
  }

  /** Writes a frame behind everything sent before. Nothing is written once the connection is closing. */
  sendFrame(frame: readonly (Uint8Array | string)[], sent?: (error?: Error | null) => void): void {
    if (this.#pump.connection.phase === 'open') {
      for (const piece of frame) {
        const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
        this.#pump.write(bytes, 0, bytes.length)
      }
    }
    if (sent !== undefined) this.#pump.whenWritten((error) => sent(error ?? null))
  }
}
