import { HttpWire } from './http-wire.ts'
import type { OpenPacketLine, PacketLine, PacketSink } from './session-reader.ts'
import { WebSocketWire } from './web-socket-wire.ts'
import { type ReaderOptions, ReaderRefused } from './wire-reader.ts'

/** Sessions over a WebSocket. */
export const openWebSocketLine: OpenPacketLine = async (port, options, connect, sink) => {
  const { headers = {}, query = {} } = options
  const socket = await WebSocketWire.connect(port, `/connection/websocket${search(query)}`, headers, {
    message: (data) => sink.packets(String(data)),
    ping: () => {},
    closed: (how, code, reason) => {
      const delayMs = /"delay_ms":(\d+)/.exec(reason ?? '')?.[1]
      sink.closed({ how, ...(code && { code }), ...(delayMs && { comeBackMs: Number(delayMs) }) })
    },
  })
  socket.send(connect)
  const line: PacketLine = {
    headers: new Map(),
    get bytes() {
      return bytesOf([socket.wire])
    },
    send: (packets) => socket.send(packets),
    stall: () => socket.wire.stall(),
    goOn: () => socket.wire.goOn(),
    cut: () => socket.wire.reset(),
  }
  return line
}

/** Sessions over a stream of lines; what the client says goes up in requests beside it. */
export const openHttpStreamLine: OpenPacketLine = async (port, options, connect, sink) => {
  const { headers = {}, query = {}, version = '1.1' } = options
  const stream = await EmulatedLine.open(port, options, sink, (line) => line)
  const path = `/connection/http_stream${search(query)}`
  await stream.ask({ method: 'POST', path, version, headers, body: connect })
  return stream
}

/** Sessions over an event stream; what the client says goes up in requests beside it. */
export const openEventStreamLine: OpenPacketLine = async (port, options, connect, sink) => {
  const { headers = {}, query = {}, version = '1.1' } = options
  const packetOf = (line: string): string => (line.startsWith('data:') ? line.slice('data:'.length).trim() : '')
  const stream = await EmulatedLine.open(port, options, sink, packetOf)
  const path = `/connection/sse${search({ ...query, cf_connect: connect })}`
  await stream.ask({ path, version, headers: { Accept: 'text/event-stream', ...headers } })
  return stream
}

/** Where what the client says goes. */
interface Address {
  readonly node: string
  readonly session: string
}

/** A session whose packets come down one connection, and go up another. */
class EmulatedLine implements PacketLine {
  headers: ReadonlyMap<string, string> = new Map()
  readonly #port: number
  readonly #options: ReaderOptions
  readonly #sink: PacketSink
  readonly #packetOf: (line: string) => string
  readonly #down: HttpWire
  readonly #decoder = new TextDecoder()
  #rest = ''
  #up: HttpWire | undefined
  #address: Address | undefined
  /** Requests go one behind the other: they could overtake each other. */
  #sending: Promise<void> = Promise.resolve()
  readonly #unsent: string[] = []

  private constructor(
    port: number,
    options: ReaderOptions,
    sink: PacketSink,
    packetOf: (line: string) => string,
    down: HttpWire,
  ) {
    this.#port = port
    this.#options = options
    this.#sink = sink
    this.#packetOf = packetOf
    this.#down = down
  }

  static async open(
    port: number,
    options: ReaderOptions,
    sink: PacketSink,
    packetOf: (line: string) => string,
  ): Promise<EmulatedLine> {
    return new EmulatedLine(port, options, sink, packetOf, await HttpWire.connect(port))
  }

  /** Asks for the stream. Rejects with `ReaderRefused`. */
  async ask(request: Parameters<HttpWire['send']>[0]): Promise<void> {
    this.#down.send(request)
    const { status, headers } = await this.#down.head()
    if (status !== 200) {
      const body = await this.#down.rest()
      this.#down.reset()
      throw new ReaderRefused(status, headers, body.toString())
    }
    this.headers = headers
    void this.#follow()
  }

  get bytes(): { readonly received: number; readonly sent: number } {
    return bytesOf(this.#up === undefined ? [this.#down] : [this.#down, this.#up])
  }

  send(packets: string): void {
    this.#unsent.push(packets)
    this.#sending = this.#sending.then(() => this.#post()).catch(() => this.cut())
  }

  stall(): void {
    this.#down.stall()
  }

  goOn(): void {
    this.#down.goOn()
  }

  cut(): void {
    this.#down.reset()
    this.#up?.reset()
  }

  async #post(): Promise<void> {
    const address = this.#address
    if (address === undefined || this.#down.isClosed || this.#unsent.length === 0) return
    const body = JSON.stringify({ ...address, data: this.#unsent.splice(0).join('\n') })
    if (this.#up === undefined || this.#up.isClosed) this.#up = await HttpWire.connect(this.#port)
    const { headers = {} } = this.#options
    const { status } = await this.#up.ask({ method: 'POST', path: '/emulation', headers, body })
    // The session is not there any more: its stream may never say so.
    if (status !== 204) this.cut()
  }

  async #follow(): Promise<void> {
    for (;;) {
      const event = await this.#down.next()
      if (event.kind === 'closed' || event.kind === 'end') {
        this.#sink.closed({ how: event.kind === 'end' ? 'FIN' : event.how })
        return this.cut()
      }
      if (event.kind !== 'body') continue
      const lines = (this.#rest + this.#decoder.decode(event.chunk, { stream: true })).split('\n')
      this.#rest = lines.pop() ?? ''
      for (const line of lines) this.#line(this.#packetOf(line))
    }
  }

  #line(packet: string): void {
    if (packet === '') return
    const { connect, push } = JSON.parse(packet) as {
      readonly connect?: Address
      readonly push?: { readonly disconnect?: { readonly code: number; readonly delay_ms?: number } }
    }
    if (connect !== undefined) {
      const { node, session } = connect
      this.#address = { node, session }
      if (this.#unsent.length > 0) this.send('')
    }
    const { disconnect } = push ?? {}
    if (disconnect === undefined) this.#sink.packets(packet)
    else {
      const { code, delay_ms: comeBackMs } = disconnect
      this.#sink.closed({ how: 'close', code, ...(comeBackMs !== undefined && { comeBackMs }) })
    }
  }
}

function bytesOf(wires: readonly HttpWire[]): { readonly received: number; readonly sent: number } {
  let [received, sent] = [0, 0]
  for (const { socket } of wires) {
    received += socket.bytesRead
    sent += socket.bytesWritten
  }
  return { received, sent }
}

function search(query: Readonly<Record<string, string>>): string {
  const parameters = new URLSearchParams(query).toString()
  return parameters === '' ? '' : `?${parameters}`
}
