import { randomBytes } from 'node:crypto'
import { clientFrame, readServerFrame } from './client-frames.ts'
import { HttpWire } from './http-wire.ts'
import { ReaderRefused } from './wire-reader.ts'

/** What a WebSocket tells. */
export interface WebSocketSink {
  message(data: string | Uint8Array): void
  ping(): void
  /** It has ended: by a Close frame with a code, or without. */
  closed(how: 'close' | 'FIN' | 'RST', code?: number, reason?: string): void
}

const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** A WebSocket by hand. Extensions are not offered. */
export class WebSocketWire {
  readonly wire: HttpWire
  readonly #sink: WebSocketSink
  #bytes: Buffer = Buffer.alloc(0)
  #fragments: Buffer[] = []
  #isText = false

  private constructor(wire: HttpWire, sink: WebSocketSink) {
    this.wire = wire
    this.#sink = sink
  }

  /** Connects. Rejects with `ReaderRefused`. */
  static async connect(
    port: number,
    path: string,
    headers: Readonly<Record<string, string | undefined>>,
    sink: WebSocketSink,
  ): Promise<WebSocketWire> {
    const wire = await HttpWire.connect(port)
    wire.send({
      path,
      headers: {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
        ...headers,
      },
    })
    const head = await wire.head()
    if (head.status !== 101) {
      const body = await wire.rest()
      wire.reset()
      throw new ReaderRefused(head.status, head.headers, body.toString())
    }
    const socket = new WebSocketWire(wire, sink)
    void socket.#follow()
    return socket
  }

  /** Sends a text. */
  send(text: string): void {
    this.wire.write(clientFrame(OPCODE.text, text))
  }

  async #follow(): Promise<void> {
    for (;;) {
      const event = await this.wire.next()
      if (event.kind === 'closed') return this.#sink.closed(event.how)
      if (event.kind !== 'body') continue
      this.#bytes = this.#bytes.length === 0 ? event.chunk : Buffer.concat([this.#bytes, event.chunk])
      for (let frame = readServerFrame(this.#bytes); frame !== undefined; frame = readServerFrame(this.#bytes)) {
        this.#bytes = this.#bytes.subarray(frame.length)
        this.#frame(frame.opcode, frame.isFinal, frame.payload)
      }
    }
  }

  #frame(opcode: number, isFinal: boolean, payload: Buffer): void {
    if (opcode === OPCODE.ping) {
      this.wire.write(clientFrame(OPCODE.pong, payload))
      this.#sink.ping()
    } else if (opcode === OPCODE.close) {
      const code = payload.length < 2 ? 1005 : payload.readUInt16BE(0)
      this.wire.write(clientFrame(OPCODE.close, payload.subarray(0, 2)))
      this.#sink.closed('close', code, payload.toString('utf8', 2))
    } else if (opcode <= OPCODE.binary) {
      if (opcode !== OPCODE.continuation) this.#isText = opcode === OPCODE.text
      this.#fragments.push(payload)
      if (!isFinal) return
      const data = Buffer.concat(this.#fragments)
      this.#fragments = []
      this.#sink.message(this.#isText ? data.toString() : new Uint8Array(data))
    }
  }
}
