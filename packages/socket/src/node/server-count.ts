import type { Server, Socket } from 'node:net'
import type { ConnectionCount } from './bare-socket.ts'

/** A server, with what it knows of its connections, and a socket that leaves it: for none of this there is a public name. */
type CountingServer = Server & { _connections: number; _emitCloseIfDrained(): void }
type CountedSocket = Socket & { _server?: Server; server?: Server }

/** Has a server of Node count connections that it has not made: its `close` waits for them, as for its own. */
export class ServerCount implements ConnectionCount {
  readonly #server: CountingServer

  private constructor(server: CountingServer) {
    this.#server = server
  }

  /** None where servers do not count as expected. */
  static of(server: Server): ServerCount | undefined {
    const { _connections, _emitCloseIfDrained } = server as Partial<CountingServer>
    const counts = typeof _connections === 'number' && typeof _emitCloseIfDrained === 'function'
    return counts ? new ServerCount(server as CountingServer) : undefined
  }

  /** One more; or one less, because the server is about to count it. */
  more(connections: 1 | -1): void {
    this.#server._connections += connections
  }

  left(): void {
    this.#server._connections--
    this.#server._emitCloseIfDrained()
  }

  moved(socket: CountedSocket): void {
    socket._server = this.#server
    socket.server = this.#server
  }
}
