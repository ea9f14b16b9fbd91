/// <reference types="node" />

import { EventEmitter } from 'node:events'
import type {
  Agent,
  ClientRequest,
  ClientRequestArgs,
  Server as HttpServer,
  IncomingMessage,
  OutgoingHttpHeaders,
} from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { Duplex, DuplexOptions, Writable } from 'node:stream'
import type { SecureContextOptions } from 'node:tls'
import type { ZlibOptions } from 'node:zlib'

/**
 * A WebSocket of either role. A client connects as soon as it is made; sockets of a server come with its `connection` event.
 */
declare class WebSocket extends EventEmitter {
  static readonly CONNECTING: 0
  static readonly OPEN: 1
  static readonly CLOSING: 2
  static readonly CLOSED: 3
  readonly CONNECTING: 0
  readonly OPEN: 1
  readonly CLOSING: 2
  readonly CLOSED: 3

  /** What binary messages are told as. Default `'nodebuffer'`. */
  binaryType: 'nodebuffer' | 'arraybuffer' | 'fragments' | 'blob'
  /** Bytes that were sent and that the operating system has not taken yet. */
  readonly bufferedAmount: number
  /** Names of the extensions in use, separated by commas. */
  readonly extensions: string
  readonly isPaused: boolean
  /** The negotiated subprotocol; `''` when there is none. */
  readonly protocol: string
  readonly readyState: 0 | 1 | 2 | 3
  /** The URL of a client; on a server's socket it is `undefined`. */
  readonly url: string

  onopen: ((event: WebSocket.Event) => void) | null
  onerror: ((event: WebSocket.ErrorEvent) => void) | null
  onclose: ((event: WebSocket.CloseEvent) => void) | null
  onmessage: ((event: WebSocket.MessageEvent) => void) | null

  /** For `WebSocketServer`. */
  constructor(address: null)
  /** Connects. Throws `SyntaxError` for a URL or subprotocol that cannot be. */
  constructor(address: string | URL, options?: WebSocket.ClientOptions | ClientRequestArgs)
  constructor(
    address: string | URL,
    protocols?: string | string[],
    options?: WebSocket.ClientOptions | ClientRequestArgs,
  )

  /** Starts the closing handshake (RFC 6455 §7.1.2); while connecting, gives up. */
  close(code?: number, reason?: string | Buffer): void
  /** Sends a ping with up to 125 bytes. */
  ping(data?: any, mask?: boolean, sent?: (error: Error) => void): void
  /** Sends a pong with up to 125 bytes. */
  pong(data?: any, mask?: boolean, sent?: (error: Error) => void): void
  /** Sends a message: a string as text, everything else as bytes. `sent` is called when it has been written. */
  send(data: WebSocket.Sendable, sent?: (error?: Error) => void): void
  send(data: WebSocket.Sendable, options: WebSocket.SendOptions, sent?: (error?: Error) => void): void
  /** Drops the connection. */
  terminate(): void
  /** Stops reading. Does nothing before the socket is open and when it is closed. */
  pause(): void
  /** Goes on reading. */
  resume(): void

  addEventListener<Name extends keyof WebSocket.WebSocketEventMap>(
    type: Name,
    listener:
      | ((event: WebSocket.WebSocketEventMap[Name]) => void)
      | { handleEvent(event: WebSocket.WebSocketEventMap[Name]): void },
    options?: WebSocket.EventListenerOptions,
  ): void
  removeEventListener<Name extends keyof WebSocket.WebSocketEventMap>(
    type: Name,
    listener:
      | ((event: WebSocket.WebSocketEventMap[Name]) => void)
      | { handleEvent(event: WebSocket.WebSocketEventMap[Name]): void },
  ): void

  on<Name extends keyof WebSocket.SocketEvents>(
    event: Name,
    listener: (this: WebSocket, ...parameters: WebSocket.SocketEvents[Name]) => void,
  ): this
  on(event: string | symbol, listener: (this: WebSocket, ...parameters: any[]) => void): this
  once<Name extends keyof WebSocket.SocketEvents>(
    event: Name,
    listener: (this: WebSocket, ...parameters: WebSocket.SocketEvents[Name]) => void,
  ): this
  once(event: string | symbol, listener: (this: WebSocket, ...parameters: any[]) => void): this
  off<Name extends keyof WebSocket.SocketEvents>(
    event: Name,
    listener: (this: WebSocket, ...parameters: WebSocket.SocketEvents[Name]) => void,
  ): this
  off(event: string | symbol, listener: (this: WebSocket, ...parameters: any[]) => void): this
  addListener<Name extends keyof WebSocket.SocketEvents>(
    event: Name,
    listener: (this: WebSocket, ...parameters: WebSocket.SocketEvents[Name]) => void,
  ): this
  addListener(event: string | symbol, listener: (this: WebSocket, ...parameters: any[]) => void): this
  removeListener<Name extends keyof WebSocket.SocketEvents>(
    event: Name,
    listener: (this: WebSocket, ...parameters: WebSocket.SocketEvents[Name]) => void,
  ): this
  removeListener(event: string | symbol, listener: (this: WebSocket, ...parameters: any[]) => void): this
}

declare const WebSocketClass: typeof WebSocket
interface WebSocketClass extends WebSocket {}

declare namespace WebSocket {
  /** A message as listeners are given it. */
  type RawData = Buffer | ArrayBuffer | Buffer[]
  /** The same, with text as a string, as in `MessageEvent`. */
  type Data = string | Buffer | ArrayBuffer | Buffer[]
  /** What can be sent. */
  type Sendable =
    | string
    | number
    | Buffer
    | Uint8Array
    | DataView
    | ArrayBufferView
    | ArrayBuffer
    | SharedArrayBuffer
    | Blob
    | readonly any[]
    | { valueOf(): ArrayBuffer | SharedArrayBuffer | Uint8Array | readonly number[] | string }
    | { [Symbol.toPrimitive](hint: string): string }
  /** Certificates and keys. */
  type CertMeta = string | string[] | Buffer | Buffer[]

  /** How one message is sent. */
  interface SendOptions {
    /** Has no effect: clients mask and servers do not (RFC 6455 §5.1). */
    mask?: boolean | undefined
    /** Whether it is binary. Default: unless it is a string. */
    binary?: boolean | undefined
    /** Whether it is compressed, where that was negotiated. Default true. */
    compress?: boolean | undefined
    /** Whether it is the last fragment of a message (RFC 6455 §5.4). Default true. */
    fin?: boolean | undefined
  }

  /** Parameters of the events of a socket. */
  interface SocketEvents {
    open: []
    message: [data: RawData, isBinary: boolean]
    close: [code: number, reason: Buffer]
    error: [error: Error]
    ping: [data: Buffer]
    pong: [data: Buffer]
    upgrade: [response: IncomingMessage]
    redirect: [url: string, request: ClientRequest]
    'unexpected-response': [request: ClientRequest, response: IncomingMessage]
  }

  /** What a client is asked in `verifyClient`. */
  interface ClientInfo<Request extends IncomingMessage = IncomingMessage> {
    origin: string
    secure: boolean
    req: Request
  }
  type VerifyClientCallbackSync<Request extends IncomingMessage = IncomingMessage> = (
    info: ClientInfo<Request>,
  ) => boolean
  type VerifyClientCallbackAsync<Request extends IncomingMessage = IncomingMessage> = (
    info: ClientInfo<Request>,
    callback: (accepted: boolean, code?: number, message?: string, headers?: OutgoingHttpHeaders) => void,
  ) => void

  /** Called instead of `request.end()`, which it then must call. */
  type FinishRequestCallback = (request: ClientRequest, websocket: WebSocket) => void

  /** What clients and servers share. */
  interface SocketOptions {
    /** Whether several messages of one chunk are told in one turn of the event loop. Default true. */
    allowSynchronousEvents?: boolean | undefined
    /** Whether pings are answered. Default true. */
    autoPong?: boolean | undefined
    /** How long the closing handshake may take, in milliseconds. Default 30,000. */
    closeTimeout?: number | undefined
    /** Has no effect: chunks are not kept. */
    maxBufferedChunks?: number | undefined
    /** Most fragments of one message. Default 16,384; 0 for no limit. */
    maxFragments?: number | undefined
    /** Largest message accepted, in bytes. Default 100 MiB; 0 for no limit. */
    maxPayload?: number | undefined
    /** Most answers to pings that wait to be written. Default 60; 0 for no limit. */
    maxPendingAutoPongs?: number | undefined
    /** Default: off on servers, on for clients. */
    perMessageDeflate?: boolean | PerMessageDeflateOptions | undefined
    /** Whether text is taken for UTF-8 unchecked. Default false. */
    skipUTF8Validation?: boolean | undefined
  }

  interface ClientOptions extends SocketOptions, SecureContextOptions {
    protocol?: string | undefined
    followRedirects?: boolean | undefined
    /** Has no effect: masking-keys are unpredictable (RFC 6455 §5.3). */
    generateMask?(mask: Buffer): void
    /** In milliseconds, for each request. Default: no limit. */
    handshakeTimeout?: number | undefined
    /** Default 10. */
    maxRedirects?: number | undefined
    localAddress?: string | undefined
    /** 13. */
    protocolVersion?: number | undefined
    headers?: { [name: string]: string } | undefined
    origin?: string | undefined
    agent?: Agent | undefined
    host?: string | undefined
    family?: number | undefined
    checkServerIdentity?(servername: string, cert: CertMeta): boolean
    rejectUnauthorized?: boolean | undefined
    createConnection?: typeof import('node:net').createConnection | undefined
    finishRequest?: FinishRequestCallback | undefined
  }

  /** permessage-deflate (RFC 7692). What is not in `zlibDeflateOptions.level` and `.memLevel` has no effect there. */
  interface PerMessageDeflateOptions {
    serverNoContextTakeover?: boolean | undefined
    clientNoContextTakeover?: boolean | undefined
    serverMaxWindowBits?: number | undefined
    clientMaxWindowBits?: number | undefined
    zlibDeflateOptions?: ZlibOptions | undefined
    zlibInflateOptions?: ZlibOptions | undefined
    /** From how many bytes on a message is compressed. */
    threshold?: number | undefined
    /** Has no effect: nothing waits for a thread. */
    concurrencyLimit?: number | undefined
  }

  interface Event {
    type: string
    target: WebSocket
  }
  interface ErrorEvent extends Event {
    error: any
    message: string
  }
  interface CloseEvent extends Event {
    wasClean: boolean
    code: number
    reason: string
  }
  interface MessageEvent extends Event {
    data: Data
  }
  interface WebSocketEventMap {
    open: Event
    error: ErrorEvent
    close: CloseEvent
    message: MessageEvent
  }
  interface EventListenerOptions {
    once?: boolean | undefined
  }

  interface AddressInfo {
    address: string
    family: string
    port: number
  }

  interface ServerOptions<
    Socket extends typeof WebSocketClass = typeof WebSocketClass,
    Request extends typeof IncomingMessage = typeof IncomingMessage,
  > extends SocketOptions {
    host?: string | undefined
    port?: number | undefined
    backlog?: number | undefined
    server?: HttpServer<Request> | HttpsServer<Request> | undefined
    verifyClient?:
      | VerifyClientCallbackAsync<InstanceType<Request>>
      | VerifyClientCallbackSync<InstanceType<Request>>
      | undefined
    handleProtocols?: (protocols: Set<string>, request: InstanceType<Request>) => string | false
    path?: string | undefined
    noServer?: boolean | undefined
    clientTracking?: boolean | undefined
    WebSocket?: Socket | undefined
  }

  /** Parameters of the events of a server. */
  interface ServerEvents<Socket, Request> {
    connection: [websocket: Socket, request: Request]
    error: [error: Error]
    headers: [headers: string[], request: Request]
    close: []
    listening: []
    wsClientError: [error: Error, socket: Duplex, request: Request]
  }

  /** Takes upgrades, on a port or a server, or handed to it. */
  class Server<
    Socket extends typeof WebSocketClass = typeof WebSocketClass,
    Request extends typeof IncomingMessage = typeof IncomingMessage,
  > extends EventEmitter {
    options: ServerOptions<Socket, Request>
    path: string
    clients: Set<InstanceType<Socket>>

    /** `listening` is called when it listens, with `port`. */
    constructor(options?: ServerOptions<Socket, Request>, listening?: () => void)

    address(): AddressInfo | string | null
    /** Takes no more upgrades. Open sockets stay. */
    close(closed?: (error?: Error) => void): void
    handleUpgrade(
      request: InstanceType<Request>,
      socket: Duplex,
      upgradeHead: Buffer,
      callback: (client: InstanceType<Socket>, request: InstanceType<Request>) => void,
    ): void
    shouldHandle(request: InstanceType<Request>): boolean | Promise<boolean>

    on<Name extends keyof ServerEvents<unknown, unknown>>(
      event: Name,
      listener: (
        this: Server<Socket>,
        ...parameters: ServerEvents<InstanceType<Socket>, InstanceType<Request>>[Name]
      ) => void,
    ): this
    on(event: string | symbol, listener: (this: Server<Socket>, ...parameters: any[]) => void): this
    once<Name extends keyof ServerEvents<unknown, unknown>>(
      event: Name,
      listener: (
        this: Server<Socket>,
        ...parameters: ServerEvents<InstanceType<Socket>, InstanceType<Request>>[Name]
      ) => void,
    ): this
    once(event: string | symbol, listener: (this: Server<Socket>, ...parameters: any[]) => void): this
    off<Name extends keyof ServerEvents<unknown, unknown>>(
      event: Name,
      listener: (
        this: Server<Socket>,
        ...parameters: ServerEvents<InstanceType<Socket>, InstanceType<Request>>[Name]
      ) => void,
    ): this
    off(event: string | symbol, listener: (this: Server<Socket>, ...parameters: any[]) => void): this
    addListener<Name extends keyof ServerEvents<unknown, unknown>>(
      event: Name,
      listener: (
        this: Server<Socket>,
        ...parameters: ServerEvents<InstanceType<Socket>, InstanceType<Request>>[Name]
      ) => void,
    ): this
    addListener(event: string | symbol, listener: (this: Server<Socket>, ...parameters: any[]) => void): this
    removeListener<Name extends keyof ServerEvents<unknown, unknown>>(
      event: Name,
      listener: (
        this: Server<Socket>,
        ...parameters: ServerEvents<InstanceType<Socket>, InstanceType<Request>>[Name]
      ) => void,
    ): this
    removeListener(event: string | symbol, listener: (this: Server<Socket>, ...parameters: any[]) => void): this
  }

  const WebSocketServer: typeof Server
  interface WebSocketServer extends Server {}
  const WebSocket: typeof WebSocketClass
  interface WebSocket extends WebSocketClass {}

  /** A WebSocket as a stream of bytes. */
  function createWebSocketStream(websocket: WebSocketClass, options?: DuplexOptions): Duplex

  /** Frames encoded by hand. */
  class Sender {
    static frame(
      data: Uint8Array | string,
      options: { opcode: number; fin?: boolean; rsv1?: boolean; mask?: boolean; readOnly?: boolean },
    ): Buffer[]
    constructor(socket: Duplex)
  }
  /** Frames read by hand. */
  class Receiver extends Writable {
    constructor(options?: SocketOptions & { isServer?: boolean })
  }
  /** permessage-deflate by hand. */
  class PerMessageDeflate {
    static readonly extensionName: string
    /** What was agreed on. */
    readonly params: Record<string, string | number | true> | null
    constructor(options?: PerMessageDeflateOptions & { isServer?: boolean; maxPayload?: number })
    offer(): Record<string, string | number | true>
    accept(
      configurations: readonly Record<string, readonly (string | number | true)[]>[],
    ): Record<string, string | number | true>
    compress(data: Uint8Array | string, fin: boolean, done: (error: Error | null, data?: Buffer) => void): void
    decompress(data: Uint8Array, fin: boolean, done: (error: Error | null, data?: Buffer) => void): void
    cleanup(): void
  }
  const extension: {
    parse(header: string): Record<string, Record<string, (string | true)[]>[]>
    format(extensions: Record<string, any>): string
  }
  const subprotocol: { parse(header: string): Set<string> }
}

export = WebSocket
