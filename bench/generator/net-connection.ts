import { connect, type Socket } from 'node:net'
import { CHUNK, type TcpConnection, type TcpOwner } from './tcp-connection.ts'

/** A connection by `node:net`, with reads into the one space for all. */
export class NetConnection implements TcpConnection {
  readonly #socket: Socket
  #over = false

  constructor(port: number, owner: TcpOwner) {
    this.#socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: CHUNK,
        callback: (length) => {
          if (!this.#over) owner.received(length)
          return true
        },
      },
    })
    this.#socket.on('connect', () => owner.connected())
    this.#socket.on('end', () => {
      if (this.#end()) owner.ended()
    })
    this.#socket.on('error', (error) => {
      if (this.#end()) owner.failed(error.message)
    })
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes)
  }

  destroy(): void {
    this.#over = true
    this.#socket.destroy()
  }

  /** Whether it was not over before. */
  #end(): boolean {
    const first = !this.#over
    this.#over = true
    return first
  }
}
