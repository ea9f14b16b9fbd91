/** What the server says of the session. */
export interface SessionState {
  readonly offset?: number
  readonly role: 'writer' | 'viewer'
  readonly mayWrite: boolean
  readonly writerKey?: string
  readonly viewerKey: string
  readonly keepMs: number
  readonly size: { readonly columns: number; readonly rows: number }
  readonly viewers: number
}

/** What a connection tells the page. */
export interface ConnectionSink {
  output(bytes: Uint8Array): void
  title(title: string): void
  preferences(preferences: Readonly<Record<string, unknown>>): void
  state(state: SessionState): void
  closed(code: number, reason: string): void
}

/** Where to, and as whom. */
export interface ConnectionTarget {
  readonly url: string
  readonly authToken: string
  readonly session: string
  readonly offset: number | undefined
  readonly columns: number
  readonly rows: number
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** One WebSocket of subprotocol `tty`. */
export class TerminalConnection {
  readonly #socket: WebSocket
  readonly #sink: ConnectionSink

  constructor(target: ConnectionTarget, sink: ConnectionSink) {
    const { url, authToken, session, offset, columns, rows } = target
    this.#sink = sink
    const socket = new WebSocket(url, ['tty'])
    this.#socket = socket
    socket.binaryType = 'arraybuffer'
    socket.onopen = () =>
      socket.send(encoder.encode(JSON.stringify({ AuthToken: authToken, columns, rows, wigwag: 1, session, offset })))
    socket.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => this.#message(new Uint8Array(data))
    socket.onclose = ({ code, reason }) => sink.closed(code, reason)
  }

  type(text: string): void {
    this.#send(`0${text}`)
  }

  /** Bytes that are no text: reports of the mouse. */
  typeBytes(binary: string): void {
    const bytes = Uint8Array.from(`0${binary}`, (character) => character.charCodeAt(0))
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(bytes)
  }

  resize(columns: number, rows: number): void {
    this.#send(`1${JSON.stringify({ columns, rows })}`)
  }

  pause(): void {
    this.#send('2')
  }

  resume(): void {
    this.#send('3')
  }

  take(): void {
    this.#send('4')
  }

  close(): void {
    this.#socket.close(1000)
  }

  #send(text: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(encoder.encode(text))
  }

  #message(bytes: Uint8Array): void {
    const rest = bytes.subarray(1)
    switch (bytes[0]) {
      case 0x30:
        this.#sink.output(rest)
        break
      case 0x31:
        this.#sink.title(decoder.decode(rest))
        break
      case 0x32:
        this.#sink.preferences(JSON.parse(decoder.decode(rest)) as Readonly<Record<string, unknown>>)
        break
      case 0x33:
        this.#sink.state(JSON.parse(decoder.decode(rest)) as SessionState)
    }
  }
}
