import type { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { HeaderFields, type QuickUpgrade, type RequestHead } from '../core/index.ts'
import { BareRequest } from './bare-request.ts'
import { type BareSocket, openSocket } from './bare-socket.ts'
import type { DriverSocket } from './driver-socket.ts'
import { ownText } from './own-text.ts'
import { requestHead } from './upgrade-request.ts'

/** An upgrade as it came in: through an HTTP server, or without one. */
export interface ArrivedUpgrade {
  readonly head: RequestHead
  /** Its header lines, for whoever may keep some of them. */
  readonly headers: HeaderFields
  /** What came behind the head, as far as the socket does not tell of it. */
  readonly rest: Uint8Array
  /** The request as Node has it. */
  readonly incoming: IncomingMessage
  /** The socket it came on. Another one as soon as `incoming` was asked for: `moved` is told then. */
  readonly socket: DriverSocket
  moved: ((socket: DriverSocket) => void) | undefined
  /** It has been decided on: the socket stays what it is. */
  settle(): void
}

const NOTHING = new Uint8Array(0)

/** An upgrade that an HTTP server reported. */
export class HttpUpgrade implements ArrivedUpgrade {
  readonly head: RequestHead
  readonly rest: Uint8Array
  readonly incoming: IncomingMessage
  readonly socket: Socket
  moved: ArrivedUpgrade['moved']

  constructor(incoming: IncomingMessage, socket: Socket, rest: Uint8Array) {
    this.head = requestHead(incoming)
    this.incoming = incoming
    this.socket = socket
    this.rest = rest
  }

  get headers(): HeaderFields {
    return this.head.headers
  }

  settle(): void {}
}

/** An upgrade on a connection that no HTTP server has seen. */
export class BareUpgrade implements ArrivedUpgrade {
  readonly head: QuickUpgrade
  readonly rest: Uint8Array = NOTHING
  #socket: DriverSocket
  /** As long as it may become another. */
  #bare: BareSocket | undefined
  #incoming: IncomingMessage | undefined
  #ownLines: readonly string[] | undefined
  #headers: HeaderFields | undefined
  moved: ArrivedUpgrade['moved']

  /** The socket keeps what comes. */
  constructor(head: QuickUpgrade, bare: BareSocket) {
    this.head = head
    this.#socket = bare
    this.#bare = bare
  }

  get socket(): DriverSocket {
    return this.#socket
  }

  get headers(): HeaderFields {
    this.#headers ??= new HeaderFields(this.#lines)
    return this.#headers
  }

  settle(): void {
    this.#bare = undefined
  }

  get incoming(): IncomingMessage {
    if (this.#incoming === undefined) {
      const socket = this.#moveToNet()
      this.#incoming = new BareRequest({ ...this.head, rawHeaders: [...this.#lines] }, () => socket)
    }
    return this.#incoming
  }

  get #lines(): readonly string[] {
    this.#ownLines ??= this.head.rawHeaders.map(ownText)
    return this.#ownLines
  }

  /** Whoever has a request of Node finds a socket of Node on it, unless that has been decided on. */
  #moveToNet(): Socket {
    const bare = this.#bare
    if (bare === undefined || bare.destroyed) return new Socket()
    this.#bare = undefined
    const socket = bare.handOver(openSocket) as Socket
    socket.on('error', () => {})
    this.#socket = socket
    this.moved?.(socket)
    return socket
  }
}
