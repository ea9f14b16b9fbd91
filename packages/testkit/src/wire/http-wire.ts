import { connect, type Socket } from 'node:net'
import { type AnswerHead, AnswerParser } from './answer-parser.ts'

/** A request as it is written. */
export interface WireRequest {
  /** Default `GET`. */
  readonly method?: string
  readonly path: string
  /** Besides `Host`, which is written unless it stands here. A value that is `undefined` is left out. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  readonly body?: string | Uint8Array
  /** Default `'1.1'`. */
  readonly version?: '1.0' | '1.1'
}

/** What came of a wire: a part of an answer, or its end. */
export type WireEvent =
  | { readonly kind: 'head'; readonly head: AnswerHead }
  | { readonly kind: 'body'; readonly chunk: Buffer }
  | { readonly kind: 'end' }
  | { readonly kind: 'closed'; readonly how: 'FIN' | 'RST' }

/** One answer, whole. */
export interface WireAnswer extends AnswerHead {
  readonly body: string
}

/** What a connection ended before. */
export class WireClosed extends Error {}

/** One connection to 127.0.0.1 on which HTTP is written by hand, and every byte counted. */
export class HttpWire {
  readonly socket: Socket
  readonly #parser: AnswerParser
  readonly #events: WireEvent[] = []
  #wake = (): void => {}
  #isClosed = false

  private constructor(socket: Socket) {
    this.socket = socket
    this.#parser = new AnswerParser({
      head: (head) => this.#add({ kind: 'head', head }),
      body: (chunk) => this.#add({ kind: 'body', chunk }),
      end: () => this.#add({ kind: 'end' }),
    })
    socket.on('data', (chunk) => this.#parser.push(chunk))
    socket.on('end', () => {
      this.#parser.finish()
      this.#close('FIN')
    })
    socket.on('error', () => this.#close('RST'))
    socket.on('close', () => this.#close('RST'))
  }

  /** Connects to a port of 127.0.0.1. */
  static async connect(port: number): Promise<HttpWire> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    return new HttpWire(socket)
  }

  /** Whether nothing more will come. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Writes a request, in one write. */
  send({ method = 'GET', path, headers = {}, body = '', version = '1.1' }: WireRequest): void {
    const content = Buffer.from(body)
    const has = (name: string): boolean => Object.keys(headers).some((each) => each.toLowerCase() === name)
    const lines = [`${method} ${path} HTTP/${version}`]
    if (!has('host')) lines.push('Host: localhost')
    if (content.length > 0 && !has('content-length') && !has('transfer-encoding')) {
      lines.push(`Content-Length: ${content.length}`)
    }
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) lines.push(`${name}: ${value}`)
    this.#parser.asked(method)
    this.write(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), content]))
  }

  /** Writes bytes as they are. */
  write(bytes: Uint8Array | string): void {
    if (this.socket.writable) this.socket.write(bytes)
  }

  /** The next thing that comes. After `closed` there is nothing but that. */
  async next(): Promise<WireEvent> {
    for (;;) {
      const event = this.#events[0]
      if (event !== undefined) return event.kind === 'closed' ? event : (this.#events.shift() as WireEvent)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** The head of the next answer. Rejects with `WireClosed` when the connection ends before. */
  async head(): Promise<AnswerHead> {
    const event = await this.next()
    if (event.kind === 'head') return event.head
    throw new WireClosed(`There was ${event.kind} instead of an answer.`)
  }

  /** The next answer, interim ones passed over. Rejects with `WireClosed` when the connection ends before. */
  async answer(): Promise<WireAnswer> {
    let head = await this.head()
    while (head.status < 200) head = await this.head()
    return { ...head, body: (await this.rest()).toString() }
  }

  /** What is still to come of an answer. */
  async rest(): Promise<Buffer> {
    const chunks: Buffer[] = []
    for (;;) {
      const event = await this.next()
      if (event.kind === 'end') return Buffer.concat(chunks)
      if (event.kind !== 'body') throw new WireClosed(`There was ${event.kind} in the middle of an answer.`)
      chunks.push(event.chunk)
    }
  }

  /** Asks, and resolves with the answer. */
  ask(request: WireRequest): Promise<WireAnswer> {
    this.send(request)
    return this.answer()
  }

  /** Reads nothing from now on; the kernel's buffers fill. */
  stall(): void {
    this.socket.pause()
  }

  /** Reads again. */
  goOn(): void {
    this.socket.resume()
  }

  /** Ends it as a crash would. */
  reset(): void {
    this.socket.resetAndDestroy()
  }

  #add(event: WireEvent): void {
    this.#events.push(event)
    this.#wake()
  }

  #close(how: 'FIN' | 'RST'): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#add({ kind: 'closed', how })
  }
}

/** Whether no other answer comes behind this one on its connection (RFC 9112 §9.3). */
export function isLastAnswer({ version, headers }: AnswerHead): boolean {
  const connection = headers.get('connection')
  return connection === 'close' || (version === '1.0' && connection !== 'keep-alive')
}

/** Bytes that connections carried. */
export function bytesOf(wires: readonly HttpWire[]): { readonly received: number; readonly sent: number } {
  let [received, sent] = [0, 0]
  for (const { socket } of wires) {
    received += socket.bytesRead
    sent += socket.bytesWritten
  }
  return { received, sent }
}
