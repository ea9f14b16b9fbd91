import { EventEmitter } from 'node:events'
import http, { type Server as HttpServer, type IncomingMessage } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  answerExtensions,
  encodeExtensions,
  type MessageExtension,
  type NegotiatedExtensions,
  type QuickUpgrade,
} from '@wigwag/socket/core'
import { BareRequest, BareSocket, isRead, writeAnswer } from '@wigwag/socket/driver'
import { acceptKey } from './accept-key.ts'
import { answer, answerUpgradeRequired, destroyThis } from './answer.ts'
import { resolveDeflate, type WsDeflateOptions } from './deflate-options.ts'
import { openFrontDoor } from './front-door.ts'
import { describeBasicFault, describeFault, judgeHead, judgeRequest, type Refusal } from './judge-request.ts'
import { createContext, FACE_DEFAULTS, type FaceContext, type FaceOptions } from './socket-context.ts'
import { WebSocket } from './web-socket.ts'

/** What `verifyClient` is told. */
interface ClientInfo {
  readonly origin: string | undefined
  readonly secure: boolean
  readonly req: IncomingMessage
}

type Decide = (
  accepted: boolean,
  status?: number,
  message?: string,
  headers?: Readonly<Record<string, unknown>>,
) => void
type WebSocketClass = typeof WebSocket
type Opened = (socket: WebSocket, request: IncomingMessage) => void

/** What a server is told. */
export interface WsServerOptions extends FaceOptions {
  /** Where to listen, with a server of its own. Of `port`, `server` and `noServer` exactly one is given. */
  readonly port?: number | null | undefined
  readonly host?: string | null | undefined
  readonly backlog?: number | null | undefined
  /** Whose upgrades to take. */
  readonly server?: HttpServer | HttpsServer | null | undefined
  /** `handleUpgrade` is called by the program. */
  readonly noServer?: boolean | undefined
  /** Upgrades of other paths are answered with 400. Default: every path. */
  readonly path?: string | null | undefined
  /** Whether `clients` is kept. Default true. */
  readonly clientTracking?: boolean | undefined
  /** Default false. */
  readonly perMessageDeflate?: boolean | WsDeflateOptions | undefined
  /** Chooses one of the offered subprotocols. Default: the first. */
  readonly handleProtocols?: ((offered: Set<string>, request: IncomingMessage) => string | false) | null | undefined
  /** Lets a client in or not; with a second parameter, when it likes. */
  readonly verifyClient?: ((info: ClientInfo, decide: Decide) => unknown) | null | undefined
  /** The class of its sockets. */
  readonly WebSocket?: WebSocketClass | undefined
}

const DEFAULTS = {
  ...FACE_DEFAULTS,
  perMessageDeflate: false,
  handleProtocols: null,
  clientTracking: true,
  verifyClient: null,
  noServer: false,
  backlog: null,
  server: null,
  host: null,
  path: null,
  port: null,
  WebSocket,
}

type ServerState = 'running' | 'closing' | 'closed'

/** What `completeUpgrade` is handed by `handleUpgrade`. */
interface Completion {
  readonly extensions: NegotiatedExtensions
  readonly key: string
  readonly subprotocols: Set<string>
  readonly request: IncomingMessage
  readonly socket: Duplex | BareSocket
  readonly head: Buffer
  readonly opened: Opened
}

const NO_HEAD = Buffer.alloc(0)
/** What is shared must not get to programs: it is looked at, and handed on only if it is not empty. */
const NO_SUBPROTOCOLS = new Set<string>()

/** A server with the surface of `ws` 8. */
export class WebSocketServer extends EventEmitter {
  readonly options: WsServerOptions
  /** The open sockets; not there without `clientTracking`. */
  readonly clients?: Set<WebSocket>
  _server: HttpServer | HttpsServer | null = null
  _removeListeners: (() => void) | null = null
  _state: ServerState = 'running'
  readonly _spoken: readonly MessageExtension[]
  readonly _context: FaceContext
  /** What is done with an open socket. */
  readonly #opened: Opened = (webSocket, request) => {
    this.emit('connection', webSocket, request)
  }

  /** Throws `TypeError` unless exactly one of `port`, `server` and `noServer` is given. */
  constructor(options?: WsServerOptions, listening?: () => void) {
    super()
    const settings: WsServerOptions = { ...DEFAULTS, ...options }
    const { port, server, noServer, backlog, host } = settings
    if ([port !== null && port !== undefined, Boolean(server), Boolean(noServer)].filter(Boolean).length !== 1) {
      throw new TypeError('One and only one of the "port", "server", or "noServer" options must be specified')
    }
    this._spoken = resolveDeflate(settings.perMessageDeflate)
    this._context = createContext('server', settings)
    if (port !== null && port !== undefined) {
      this._server = http.createServer(answerUpgradeRequired)
      this._server.listen(port, host as string, backlog as number, listening)
    } else if (server) this._server = server
    if (this._server !== null) this._removeListeners = this.#listenTo(this._server)
    if (settings.clientTracking) this.clients = new Set()
    this.options = settings.perMessageDeflate === true ? { ...settings, perMessageDeflate: {} } : settings
  }

  /** Where it listens. Throws in `noServer` mode; `null` once it is closed. */
  address(): AddressInfo | string | null {
    if (this.options.noServer) throw new Error('The server is operating in "noServer" mode')
    return this._server === null ? null : this._server.address()
  }

  /**
   * Takes no more upgrades; `closed` is called when that is done: with a server of its own when all connections have
   * ended, else when all of its sockets have. Open sockets are the program's to close.
   */
  close(closed?: (error?: Error) => void): void {
    if (this._state === 'closed') {
      if (closed !== undefined) this.once('close', () => closed(new Error('The server is not running')))
      process.nextTick(() => this.emit('close'))
      return
    }
    if (closed !== undefined) this.once('close', closed)
    if (this._state === 'closing') return
    this._state = 'closing'
    const server = this._server
    this._removeListeners?.()
    this._removeListeners = null
    this._server = null
    if (server !== null && !this.options.server) server.close(() => this.#closed())
    else if (!this.clients || this.clients.size === 0) process.nextTick(() => this.#closed())
  }

  /** Whether this server is meant: by `path`. Programs replace it. */
  shouldHandle(request: IncomingMessage): boolean | Promise<boolean> {
    const { path } = this.options
    return !path || (request.url ?? '').split('?', 1)[0] === path
  }

  /** Judges an upgrade request and answers it. `opened` is called with the open socket, before any message is told. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, opened: Opened): void {
    socket.on('error', destroyThis)
    const basicFault = describeBasicFault(request)
    if (basicFault !== undefined) {
      this.#refuse(request, socket, basicFault)
      return
    }
    if (!this.shouldHandle(request)) {
      answer(socket, 400)
      return
    }
    const verdict = judgeRequest(request)
    if (!verdict.ok) {
      this.#refuse(request, socket, describeFault(verdict))
      return
    }
    const { key, subprotocols, extensions: offered } = verdict.offer
    const extensions = answerExtensions(offered, this._spoken)
    this.#verify({ extensions, key, subprotocols: new Set(subprotocols), request, socket, head, opened })
  }

  #verify(completion: Completion): void {
    const { verifyClient } = this.options
    if (!verifyClient) {
      this.#complete(completion)
      return
    }
    const { request, socket } = completion
    const info = { origin: request.headers.origin, secure: isSecure(request), req: request }
    if (verifyClient.length === 2) {
      verifyClient(info, (accepted, status = 401, message, headers) => {
        if (accepted) this.#complete(completion)
        else answer(netOf(socket), status || 401, message, headers)
      })
    } else if ((verifyClient as (info: ClientInfo) => unknown)(info)) this.#complete(completion)
    else answer(netOf(socket), 401)
  }

  #complete(completion: Completion): void {
    const { extensions, key, subprotocols, request, socket, head, opened } = completion
    if (!(socket instanceof BareSocket)) {
      this.completeUpgrade(extensions, key, subprotocols, request, socket, head, opened)
    } else if (!socket.current.writable) socket.destroy()
    else if (this._state !== 'running') answer(socket.toNet(), 503)
    else this.#open(completion)
  }

  /** Answers 101 and opens the socket. Throws when that has been done for `socket` before. */
  completeUpgrade(
    extensions: NegotiatedExtensions,
    key: string,
    subprotocols: Set<string>,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    opened: Opened,
  ): void {
    // The client has left meanwhile.
    if (!socket.readable || !socket.writable) {
      socket.destroy()
      return
    }
    if (isRead(socket)) {
      throw new Error(
        'server.handleUpgrade() was called more than once with the same socket, possibly due to a misconfiguration',
      )
    }
    if (this._state !== 'running') {
      answer(socket, 503)
      return
    }
    this.#open({ extensions, key, subprotocols, request, socket, head, opened })
  }

  #open({ extensions, key, subprotocols, request, socket, head, opened }: Completion): void {
    const SocketClass = this.options.WebSocket ?? WebSocket
    const webSocket = new SocketClass(null, undefined, this.options as never)
    const protocol = this.#chooseProtocol(subprotocols, request)
    const lines = [
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Accept: ${acceptKey(key)}`,
    ]
    if (protocol) lines.push(`Sec-WebSocket-Protocol: ${protocol}`)
    if (extensions.answer.length > 0) lines.push(`Sec-WebSocket-Extensions: ${encodeExtensions(extensions.answer)}`)
    this.emit('headers', lines, request)
    const response = lines.concat('\r\n').join('\r\n')
    // Somebody may have asked for a socket of `net` by now.
    const current = socket instanceof BareSocket ? (socket.current as Duplex | BareSocket) : socket
    if (current instanceof BareSocket) writeAnswer(current, response, true)
    else {
      current.write(response)
      current.removeListener('error', destroyThis)
    }
    webSocket._open(current, current instanceof BareSocket ? current.takeKept() : head, {
      context: this._context,
      chain: extensions.chain,
      extensions: extensions.answer.length > 0 ? extensions.answer.map(({ name }) => name).join() : '',
      protocol: protocol || '',
    })
    this.#track(webSocket)
    opened(webSocket, request)
  }

  #chooseProtocol(offered: Set<string>, request: IncomingMessage): string | false {
    if (offered.size === 0) return false
    const { handleProtocols } = this.options
    return handleProtocols ? handleProtocols(offered, request) : (offered.values().next().value as string)
  }

  #track(webSocket: WebSocket): void {
    const { clients } = this
    if (clients === undefined) return
    clients.add(webSocket)
    webSocket._server = this
    webSocket.on('close', leaveServer)
  }

  /** @internal A socket is closed. */
  _leave(webSocket: WebSocket): void {
    const { clients } = this
    clients?.delete(webSocket)
    const waits = this._state === 'closing' && (this.options.noServer || this.options.server)
    if (waits && clients?.size === 0) process.nextTick(() => this.#closed())
  }

  #listenTo(server: HttpServer | HttpsServer): () => void {
    const listeners: Readonly<Record<string, (...parameters: never[]) => void>> = {
      listening: () => {
        if (!this.options.server) this.#openDoor(server as HttpServer)
        this.emit('listening')
      },
      error: (error: Error) => this.emit('error', error),
      upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) =>
        this.handleUpgrade(request, socket, head, this.#opened),
    }
    for (const [name, listener] of Object.entries(listeners)) server.on(name, listener as never)
    return () => {
      for (const [name, listener] of Object.entries(listeners)) server.removeListener(name, listener as never)
    }
  }

  /** Connections may come in without an HTTP server as long as upgrades are answered in the way of this class. */
  #openDoor(server: HttpServer): void {
    if (this._context.options.io !== 'native') return
    openFrontDoor(server, {
      isOpen: () => this._state === 'running' && isOwnWay(this),
      serves: ({ target }) => !this.options.path || target.split('?', 1)[0] === this.options.path,
      upgrade: (head, bare) => this.#upgradeBare(head, bare),
    })
  }

  #upgradeBare(head: QuickUpgrade, bare: BareSocket): void {
    const request = new BareRequest(head, () => bare.toNet())
    const offer = judgeHead(head)
    if (offer === undefined) {
      this.handleUpgrade(request, bare.toNet(), NO_HEAD, this.#opened)
      return
    }
    this.#verify({
      extensions: answerExtensions(offer.extensions, this._spoken),
      key: offer.key,
      subprotocols: offer.subprotocols.length === 0 ? NO_SUBPROTOCOLS : new Set(offer.subprotocols),
      request,
      socket: bare,
      head: NO_HEAD,
      opened: this.#opened,
    })
  }

  #refuse(request: IncomingMessage, socket: Duplex, { status, message, headers }: Refusal): void {
    if (this.listenerCount('wsClientError') > 0) this.emit('wsClientError', new Error(message), socket, request)
    else answer(socket, status, message, headers)
  }

  #closed(): void {
    this._state = 'closed'
    this.emit('close')
  }
}

/** Whether a server answers upgrades in the way of this class. */
function isOwnWay({ handleUpgrade, shouldHandle, completeUpgrade }: WebSocketServer): boolean {
  const { prototype } = WebSocketServer
  return (
    handleUpgrade === prototype.handleUpgrade &&
    shouldHandle === prototype.shouldHandle &&
    completeUpgrade === prototype.completeUpgrade
  )
}

/** Whether a request came through TLS. A connection without a socket has not. */
function isSecure(request: IncomingMessage): boolean {
  if (request instanceof BareRequest) return false
  const { authorized, encrypted } = request.socket as { readonly authorized?: boolean; readonly encrypted?: boolean }
  return Boolean(authorized || encrypted)
}

function netOf(socket: Duplex | BareSocket): Duplex {
  return socket instanceof BareSocket ? socket.toNet() : socket
}

/** One function for all sockets, rather than one each. */
function leaveServer(this: WebSocket): void {
  this._server?._leave(this)
}
