import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** A TCP server, or one on a unix socket, whose connections a test holds in its hands. */
export class StreamServer {
  readonly #server = createServer({ allowHalfOpen: true, pauseOnConnect: true })
  readonly #sockets = new Set<Socket>()
  readonly #waiting: Socket[] = []
  readonly #wanted: ((socket: Socket) => void)[] = []
  /** As a bridge is told of it: `127.0.0.1:PORT` or `unix:/path`. */
  target = ''

  private constructor() {
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => {}).once('close', () => this.#sockets.delete(socket))
      const wanted = this.#wanted.shift()
      if (wanted === undefined) this.#waiting.push(socket)
      else wanted(socket)
    })
  }

  static async start(path?: string): Promise<StreamServer> {
    const server = new StreamServer()
    server.#server.listen(path === undefined ? { host: '127.0.0.1', port: 0 } : { path })
    await once(server.#server, 'listening')
    const { port } = server.#server.address() as AddressInfo
    server.target = path === undefined ? `127.0.0.1:${port}` : `unix:${path}`
    return server
  }

  /** Connections that were made and not taken yet. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** The next connection, paused. */
  async next(): Promise<Socket> {
    return this.#waiting.shift() ?? new Promise((resolve) => this.#wanted.push(resolve))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
