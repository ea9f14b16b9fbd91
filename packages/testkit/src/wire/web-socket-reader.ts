import { type PublicationLine, toldOfLine } from './publication-lines.ts'
import { WebSocketWire } from './web-socket-wire.ts'
import { pathOf, type ReaderOptions, WireReader, writePosition } from './wire-reader.ts'

/** The close code of a bare WebSocket that asked for more than history holds. */
const INSUFFICIENT_STATE = 3010

/** A subscriber over a channel's WebSocket: with lines that have positions, or with the data alone. */
export class WebSocketReader extends WireReader {
  readonly #format: 'lines' | 'data'
  #socket: WebSocketWire | undefined

  private constructor(options: ReaderOptions, format: 'lines' | 'data') {
    super(options)
    this.#format = format
  }

  /** Comes in. Rejects with `ReaderRefused`. */
  static async open(port: number, options: ReaderOptions, format: 'lines' | 'data'): Promise<WebSocketReader> {
    const reader = new WebSocketReader(options, format)
    const { after, headers } = options
    const subprotocol = format === 'lines' ? { 'Sec-WebSocket-Protocol': 'wigwag.publication.v1' } : {}
    const query = { live: '1', ...(after && { after: writePosition(after) }) }
    reader.#socket = await WebSocketWire.connect(
      port,
      pathOf(options, query),
      { ...subprotocol, ...headers },
      {
        message: (data) => reader.#message(data),
        ping: () => reader.tell({ kind: 'keepalive' }),
        closed: (how, code) => reader.#closed(how, code),
      },
    )
    return reader
  }

  get bytes(): { readonly received: number; readonly sent: number } {
    const { bytesRead = 0, bytesWritten = 0 } = this.#socket?.wire.socket ?? {}
    return { received: bytesRead, sent: bytesWritten }
  }

  stall(): void {
    this.#socket?.wire.stall()
  }

  goOn(): void {
    this.#socket?.wire.goOn()
  }

  cut(): void {
    this.#socket?.wire.reset()
  }

  #message(data: string | Uint8Array): void {
    if (this.#format === 'data') this.tell({ kind: 'publication', data, position: undefined })
    else this.tell(toldOfLine(JSON.parse(String(data)) as PublicationLine))
  }

  #closed(how: 'close' | 'FIN' | 'RST', code: number | undefined): void {
    // It has no other word for a gap.
    if (code === INSUFFICIENT_STATE) this.tell({ kind: 'gap', reason: 'untold' })
    this.finish(code === undefined ? { how } : { how, code })
  }
}
