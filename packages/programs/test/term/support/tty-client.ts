import { type CloseOutcome, connectWebSocket, type NodeWebSocket } from '@wigwag/socket'

/** How a session stands, as the server says it. */
export interface SaidState {
  readonly offset?: number
  readonly role: 'writer' | 'viewer'
  readonly mayWrite: boolean
  readonly writerKey?: string
  readonly viewerKey: string
  readonly size: { columns: number; rows: number }
  readonly viewers: number
}

/** A client of subprotocol `tty`, byte for byte as ttyd's page speaks it, and what it was told. */
export class TtyClient {
  output = ''
  outputBytes = 0
  title: string | undefined
  preferences: unknown
  readonly states: SaidState[] = []
  readonly closed: Promise<CloseOutcome>
  readonly #changed = new Set<() => void>()
  #socket: NodeWebSocket | undefined
  #isClosed = false

  private constructor(url: string, headers: Readonly<Record<string, string>>) {
    this.closed = new Promise((resolve) => {
      void connectWebSocket(url, {
        subprotocols: ['tty'],
        headers,
        maxMessageBytes: 4 * 1024 * 1024,
        maxQueuedBytes: 1024 * 1024 * 1024,
        open: (socket) => {
          this.#socket = socket
        },
        message: (_, data) => this.#told(Buffer.from(data as Uint8Array)),
        close: (_, outcome) => {
          this.#isClosed = true
          this.#notify()
          resolve(outcome)
        },
      }).then(
        () => this.#notify(),
        (error) => resolve({ code: (error as { status: number }).status, reason: '', clean: false, error }),
      )
    })
  }

  /** Connects and says hello, unless `hello` is null. */
  static async open(
    url: string,
    hello: Readonly<Record<string, unknown>> | null = {},
    headers: Readonly<Record<string, string>> = {},
  ): Promise<TtyClient> {
    const client = new TtyClient(url, headers)
    await Promise.race([client.until(() => client.#socket !== undefined), client.closed])
    if (hello !== null) client.send(JSON.stringify({ AuthToken: '', columns: 80, rows: 24, ...hello }))
    return client
  }

  get state(): SaidState | undefined {
    return this.states.at(-1)
  }

  send(message: string): void {
    this.#socket?.send(Buffer.from(message))
  }

  type(text: string): void {
    this.send(`0${text}`)
  }

  /** Stops reading at the socket. */
  stall(): void {
    this.#socket?.pause()
  }

  goOn(): void {
    this.#socket?.resume()
  }

  /** Goes without a word. */
  vanish(): void {
    this.#socket?.terminate()
  }

  close(): void {
    this.#socket?.close(1000)
  }

  /** Resolves when the output matches. */
  async shows(pattern: RegExp): Promise<void> {
    await this.until(() => pattern.test(this.output))
  }

  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) {
      if (this.#isClosed) throw new Error(`It was closed. Output so far: ${JSON.stringify(this.output.slice(-2000))}`)
      await new Promise<void>((resolve) => this.#changed.add(resolve))
    }
  }

  #told(message: Buffer): void {
    const rest = message.subarray(1)
    switch (String.fromCharCode(message[0] as number)) {
      case '0':
        this.outputBytes += rest.length
        this.output = (this.output + rest.toString('latin1')).slice(-100_000)
        break
      case '1':
        this.title = rest.toString()
        break
      case '2':
        this.preferences = JSON.parse(rest.toString())
        break
      case '3':
        this.states.push(JSON.parse(rest.toString()))
    }
    this.#notify()
  }

  #notify(): void {
    for (const resolve of this.#changed) resolve()
    this.#changed.clear()
  }
}
