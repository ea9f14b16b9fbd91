import { LineSplitter } from '../line-splitter.ts'
import { bytesOf, HttpWire, type WireRequest } from './http-wire.ts'
import type { PacketLine, PacketSink } from './session-reader.ts'
import { type SessionAddress, SessionUpstream } from './session-upstream.ts'
import { type ReaderOptions, ReaderRefused } from './wire-reader.ts'

/** A session whose packets come down one answer that goes on. */
export class EmulatedLine implements PacketLine {
  headers: ReadonlyMap<string, string> = new Map()
  readonly #sink: PacketSink
  readonly #packetOf: (line: string) => string
  readonly #down: HttpWire
  readonly #up: SessionUpstream
  readonly #lines = new LineSplitter()

  private constructor(
    port: number,
    options: ReaderOptions,
    sink: PacketSink,
    packetOf: (line: string) => string,
    down: HttpWire,
  ) {
    this.#sink = sink
    this.#packetOf = packetOf
    this.#down = down
    // Its stream may never say that the session is over.
    this.#up = new SessionUpstream(port, options, () => this.cut())
  }

  /** Asks for the stream; `packetOf` finds a packet in a line. Rejects with `ReaderRefused`. */
  static async open(
    port: number,
    options: ReaderOptions,
    sink: PacketSink,
    packetOf: (line: string) => string,
    request: WireRequest,
  ): Promise<EmulatedLine> {
    const line = new EmulatedLine(port, options, sink, packetOf, await HttpWire.connect(port))
    line.#down.send(request)
    const { status, headers } = await line.#down.head()
    if (status !== 200) {
      const body = await line.#down.rest()
      line.cut()
      throw new ReaderRefused(status, headers, body.toString())
    }
    line.headers = headers
    void line.#follow()
    return line
  }

  get bytes(): { readonly received: number; readonly sent: number } {
    return bytesOf([this.#down, ...this.#up.wires])
  }

  send(packets: string): void {
    this.#up.send(packets)
  }

  stall(): void {
    this.#down.stall()
  }

  goOn(): void {
    this.#down.goOn()
  }

  cut(): void {
    this.#down.reset()
    this.#up.close()
  }

  async #follow(): Promise<void> {
    for (;;) {
      const event = await this.#down.next()
      if (event.kind === 'closed' || event.kind === 'end') {
        this.#sink.closed({ how: event.kind === 'end' ? 'FIN' : event.how })
        return this.cut()
      }
      if (event.kind !== 'body') continue
      for (const line of this.#lines.take(event.chunk)) this.#packet(this.#packetOf(line))
    }
  }

  #packet(packet: string): void {
    if (packet !== '') takePacket(packet, this.#sink, this.#up)
  }
}

/** Hands a packet on; what it says of the session itself is taken here. */
export function takePacket(packet: string, sink: PacketSink, up: SessionUpstream): void {
  const { connect, push } = JSON.parse(packet) as {
    readonly connect?: SessionAddress
    readonly push?: { readonly disconnect?: { readonly code: number; readonly delay_ms?: number } }
  }
  if (connect !== undefined) up.opened({ node: connect.node, session: connect.session })
  const { disconnect } = push ?? {}
  if (disconnect === undefined) sink.packets(packet)
  else {
    const { code, delay_ms: comeBackMs } = disconnect
    sink.closed({ how: 'close', code, ...(comeBackMs !== undefined && { comeBackMs }) })
  }
}
