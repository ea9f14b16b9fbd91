import { type ConnectionState, type DeflateCodec, type ExtensionChain, PreparedMessage } from '../core/index.ts'
import type { DriverSocket } from './driver-socket.ts'
import type { Listed } from './live-list.ts'
import type { Outbox } from './outbox.ts'
import { Pump, type PumpContext, type Sendable, type SendOptions, type SendStatus } from './pump.ts'

/** What the opening handshake settled about a socket. */
export interface SocketInfo<Data> {
  /** Path and query of the upgrade request. */
  readonly target: string
  /** The negotiated subprotocol; `''` when there is none, as in WHATWG's `protocol`. */
  readonly protocol: string
  /** The extensions in use, as they stand in `Sec-WebSocket-Extensions`; `''` when there are none. */
  readonly extensions: string
  /** What they do to messages. */
  readonly chain: ExtensionChain | undefined
  /** The other end's address: of a client behind a trusted proxy what that says of it. */
  readonly remoteAddress: string
  /** The application's own, from `authorize`. */
  readonly data: Data
}

/** A WebSocket of either role on a Node socket, told by handlers: what `WebSocketServer` and `connectWebSocket` make. */
export class NodeWebSocket<Data = unknown> implements Listed {
  /** The server's: where this stands among its sockets. */
  livePlace = -1
  readonly #pump: Pump<NodeWebSocket<Data>>
  readonly #outbox: Outbox
  /** Set when the frames of prepared messages are shared with connections that have the same window. */
  readonly #deflate: DeflateCodec | undefined
  /** Path and query of the upgrade request. */
  readonly target: string
  /** The negotiated subprotocol; `''` when there is none. */
  readonly protocol: string
  /** The extensions in use, with their parameters; `''` when there are none. */
  readonly extensions: string
  /** The other end's address, behind a trusted proxy the client's; `''` when there is none (unix sockets). */
  readonly remoteAddress: string
  /** The application's own. */
  data: Data

  /** Use `WebSocketServer` or `connectWebSocket`. */
  constructor(context: PumpContext<NodeWebSocket<Data>>, socket: DriverSocket, info: SocketInfo<Data>) {
    this.target = info.target
    this.protocol = info.protocol
    this.extensions = info.extensions
    this.data = info.data
    this.remoteAddress = info.remoteAddress
    this.#pump = new Pump<NodeWebSocket<Data>>(context, this, socket, info.chain)
    this.#outbox = this.#pump.outbox
    this.#deflate = info.chain?.deflate
  }

  /** Starts reading; `head` is what came behind the opening handshake. Called once, by whoever made the socket. */
  start(head: Uint8Array): void {
    this.#pump.start(head)
  }

  /** `open`, `closing` or `closed`. */
  get phase(): ConnectionState['phase'] {
    return this.#pump.connection.phase
  }

  /** Bytes accepted by `send` that the operating system has not taken yet. */
  get bufferedAmount(): number {
    return this.#pump.bufferedAmount
  }

  /**
   * Sends a string as text, bytes as binary, or a message prepared for many. Never fails for what the network or the
   * peer does: look at what it returns. Throws `UsageError` `ERR_ARGUMENT` for anything else than a message.
   * Bytes above 16 KiB are not copied: leave them unchanged until they are written (`bufferedAmount` 0).
   * `options.compress` says whether this message is compressed, where that was negotiated; the default is from the
   * threshold on. Do not compress secrets together with text that somebody else may choose.
   */
  send(message: Sendable, options?: SendOptions): SendStatus {
    if (typeof message !== 'string' && message instanceof PreparedMessage && this.#takePrepared(message, options)) {
      return 'ok'
    }
    return this.#pump.send(message, options?.compress)
  }

  /** Writes the frame that another socket has had encoded in this turn, if there is one for this socket as well. */
  #takePrepared(message: PreparedMessage, options: SendOptions | undefined): boolean {
    const deflate = this.#deflate
    if (deflate === undefined) return message.encoded !== undefined && this.#outbox.takeFrame(message.encoded)
    return options?.compress === undefined && deflate.takePrepared(message, this.#outbox)
  }

  /** Sends a ping; returns whether it was sent. Keepalive sends its own. Throws `UsageError` `ERR_CONTROL_PAYLOAD` above 125 bytes. */
  ping(payload?: Uint8Array): boolean {
    return this.#pump.connection.ping(payload)
  }

  /** Sends a pong that answers no ping (RFC 6455 §5.5.3); returns whether it was sent. Throws as `ping` does. */
  pong(payload?: Uint8Array): boolean {
    return this.#pump.connection.pong(payload)
  }

  /**
   * Starts the closing handshake behind what was sent. Default: no code. Does nothing once closing.
   * Throws `UsageError` `ERR_CLOSE_CODE` or `ERR_CLOSE_REASON` for what a Close frame cannot carry.
   */
  close(code?: number, reason?: string): void {
    this.#pump.connection.close(code, reason)
  }

  /** Drops the connection at once, without a closing handshake and without what is still queued. */
  terminate(): void {
    this.#pump.connection.terminate()
  }

  /** Stops reading behind the current message, so that TCP slows the peer down. Pings wait, too. */
  pause(): void {
    this.#pump.pause()
  }

  /** Goes on reading. */
  resume(): void {
    this.#pump.resume()
  }
}
