import { Socket } from 'node:net'
import { BareSocket } from './bare-socket.ts'
import type { DriverSocket } from './driver-socket.ts'

/** What an outbox asks of a socket. */
export type WrittenSocket = Pick<DriverSocket, 'writable' | 'writableLength' | 'write' | 'cork' | 'uncork' | 'destroy'>

/** What an outbox may write to: the socket itself where a kernel, or TLS, takes the bytes of what is written. */
export function writtenSocketOf(socket: DriverSocket): WrittenSocket {
  return socket instanceof BareSocket || socket instanceof Socket ? socket : new ForeignStream(socket)
}

/**
 * A stream of somebody else: a connection in memory, mostly. What it is given it may hand on, to whom it then belongs for
 * good, and say that it was written. So it gets copies, and never a part of the arena.
 */
class ForeignStream implements WrittenSocket {
  readonly #stream: DriverSocket

  constructor(stream: DriverSocket) {
    this.#stream = stream
  }

  get writable(): boolean {
    return this.#stream.writable
  }

  get writableLength(): number {
    return this.#stream.writableLength
  }

  write(data: Uint8Array | string): unknown {
    return this.#stream.write(typeof data === 'string' ? data : Buffer.from(data))
  }

  cork(): void {
    this.#stream.cork()
  }

  uncork(): void {
    this.#stream.uncork()
  }

  destroy(error?: Error): unknown {
    return this.#stream.destroy(error)
  }
}
