import type { Duplex } from 'node:stream'
import type { Pump } from '@wigwag/socket/driver'
import type { SocketOwner } from './socket-context.ts'

/**
 * What programs find as `_sender`: the way past `send` for frames that `Sender.frame` has encoded, which socket.io's
 * adapter encodes once for all of a broadcast.
 */
export class ConnectionSender {
  readonly #pump: Pump<SocketOwner>
  readonly #owner: { readonly _socket: Duplex | null }

  constructor(pump: Pump<SocketOwner>, owner: { readonly _socket: Duplex | null }) {
    this.#pump = pump
    this.#owner = owner
  }

  get _socket(): Duplex | null {
    return this.#owner._socket
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
