import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ExecEndpoint, type ExecEvent, type ExecOptions } from '@wigwag/programs'
import { type CloseOutcome, type ConnectOptions, connectWebSocket, type NodeWebSocket } from '@wigwag/socket'

/** An endpoint on a real server. */
export class ExecServer {
  readonly endpoint: ExecEndpoint
  readonly events: ExecEvent[]
  readonly #http: Server
  readonly port: number

  private constructor(endpoint: ExecEndpoint, events: ExecEvent[], http: Server) {
    this.endpoint = endpoint
    this.events = events
    this.#http = http
    this.port = (http.address() as AddressInfo).port
  }

  static async start(options: ExecOptions): Promise<ExecServer> {
    const events: ExecEvent[] = []
    const endpoint = new ExecEndpoint({ onEvent: (event) => events.push(event), ...options })
    const http = createServer()
    endpoint.attach(http)
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    return new ExecServer(endpoint, events, http)
  }

  /** `ws://127.0.0.1:PORT` and a path. */
  url(path = '/'): string {
    return `ws://127.0.0.1:${this.port}${path}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.endpoint.close()
    this.#http.closeAllConnections()
    await new Promise((resolve) => this.#http.close(resolve))
  }
}

/** A client that keeps what it was sent. */
export class Client {
  readonly messages: (string | Buffer)[] = []
  readonly socket: NodeWebSocket<undefined>
  /** Resolves when it is closed, with how. */
  readonly closed: Promise<CloseOutcome>
  readonly #waiting = new Set<() => void>()

  private constructor(socket: NodeWebSocket<undefined>, closed: Promise<CloseOutcome>) {
    this.socket = socket
    this.closed = closed
  }

  static async connect(url: string, options: ConnectOptions = {}): Promise<Client> {
    let client: Client | undefined
    const early: (string | Buffer)[] = []
    let close: (info: CloseOutcome) => void = () => {}
    const closed = new Promise<CloseOutcome>((resolve) => {
      close = resolve
    })
    const socket = await connectWebSocket(url, {
      ...options,
      message: (_socket, data) => {
        const message = typeof data === 'string' ? data : Buffer.from(data)
        if (client === undefined) early.push(message)
        else client.#take(message)
      },
      close: (_socket, outcome) => close(outcome),
    })
    client = new Client(socket as NodeWebSocket<undefined>, closed)
    client.messages.push(...early)
    return client
  }

  /** Resolves when so many messages have come, with all of them. */
  async take(count: number): Promise<(string | Buffer)[]> {
    while (this.messages.length < count) {
      await Promise.race([
        new Promise<void>((resolve) => this.#waiting.add(resolve)),
        this.closed.then((info) => {
          if (this.messages.length < count)
            throw new Error(`It closed before: ${JSON.stringify({ info, messages: this.messages })}`)
        }),
      ])
    }
    return this.messages
  }

  #take(message: string | Buffer): void {
    this.messages.push(message)
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}

/** Runs a shell script. */
export function shell(script: string): readonly string[] {
  return ['sh', '-c', script]
}
