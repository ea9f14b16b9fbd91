import { createServer, type Server as HttpServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, ListenOptions, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  answerExtensions,
  CloseCode,
  encodeClosePayload,
  encodeExtensions,
  encodeUpgradeResponse,
  judgeUpgrade,
  type MessageExtension,
  type NegotiatedExtensions,
  originForm,
  selectSubprotocol,
  TransportError,
  type UpgradeOffer,
  type UpgradeRefusal,
  UsageError,
} from '../core/index.ts'
import { type Admission, type Caller, resolveAdmission } from './admission.ts'
import { type ArrivedUpgrade, BareUpgrade, HttpUpgrade } from './arrived-upgrade.ts'
import { BareDoor, type BareDoorOwner } from './bare-door.ts'
import type { DriverSocket } from './driver-socket.ts'
import { resolveExtensions } from './extension-options.ts'
import { interceptHttp } from './http-interceptor.ts'
import { LiveList } from './live-list.ts'
import { hostPolicyOf } from './loopback.ts'
import { nodeAcceptKey } from './node-accept-key.ts'
import { nodeBytes } from './node-bytes.ts'
import { NodeWebSocket } from './node-web-socket.ts'
import { PendingUpgrade } from './pending-upgrade.ts'
import { servePlainRequest } from './plain-request.ts'
import type { PumpContext } from './pump.ts'
import { Refusal, writeRefusal } from './refusal.ts'
import { createProfile } from './socket-driver.ts'
import type { SocketHandlers } from './socket-handlers.ts'
import { ignoreErrors, writeAnswer } from './socket-io.ts'
import { resolveSocketOptions } from './socket-options.ts'
import { AskedUpgrade, type UpgradeRequest } from './upgrade-request.ts'
import { type ResolvedServerOptions, resolveServerOptions, type ServerOptions } from './websocket-server-options.ts'
import { HEAD_WAS_CUT, isWholeHead } from './whole-head.ts'

/** Options, handlers and authorisation of a server, in one object. */
export interface WebSocketServerOptions<Data> extends ServerOptions, SocketHandlers<NodeWebSocket<Data>> {
  /**
   * Decides on an upgrade before the 101 is sent. What it returns becomes `socket.data`; `refuse(401, …)` refuses with
   * a real HTTP answer. A throw is answered with 500. Default: everybody the origin and Host policies let through.
   */
  readonly authorize?: (request: UpgradeRequest) => Data | Refusal | PromiseLike<Data | Refusal>
}

type Authorize<Data> = NonNullable<WebSocketServerOptions<Data>['authorize']>

/** What a server counted since it was made. */
export interface WebSocketServerStats {
  /** Sockets that are open now. */
  readonly open: number
  /** Upgrades accepted. */
  readonly accepted: number
  /** Upgrades refused, by a rule or by `authorize`. */
  readonly refused: number
  /** Messages refused because their reader was too slow. */
  readonly dropped: number
}

/** A WebSocket server on Node's `http`: attached to one that exists, or with one of its own. */
export class WebSocketServer<Data = undefined> {
  readonly #options: ResolvedServerOptions
  readonly #admission: Admission
  readonly #extensions: readonly MessageExtension[]
  readonly #authorize: Authorize<Data> | undefined
  readonly #context: PumpContext<NodeWebSocket<Data>>
  readonly #sockets = new LiveList<NodeWebSocket<Data>>()
  readonly #pending = new LiveList<PendingUpgrade>()
  readonly #detach = new Set<() => void>()
  readonly #count = { accepted: 0, refused: 0, dropped: 0 }
  #ownServer: HttpServer | undefined
  #door: BareDoor | undefined
  #closing: Promise<void> | undefined
  #emptied: (() => void) | undefined

  /** Throws `UsageError` `ERR_OPTION` for an option out of range. */
  constructor(options: WebSocketServerOptions<Data> = {}) {
    this.#options = resolveServerOptions(options)
    this.#admission = resolveAdmission(options)
    this.#extensions = resolveExtensions(options, false)
    this.#authorize = options.authorize
    this.#context = {
      profile: createProfile('server', options),
      options: resolveSocketOptions(options),
      handlers: options,
      countDropped: () => {
        this.#count.dropped++
      },
      forget: (socket) => this.#forget(socket),
    }
  }

  /** The sockets that are not closed, in the order in which they came. */
  get sockets(): ReadonlySet<NodeWebSocket<Data>> {
    return this.#sockets
  }

  /** What happened so far. */
  get stats(): WebSocketServerStats {
    return { open: this.#sockets.size, ...this.#count }
  }

  /**
   * Answers the upgrades of an `http` or `https` server, before its other listeners see them: those of `path`
   * (option), or all. Others, and requests without `Sec-WebSocket-Key`, stay what they were.
   * Returns the function that detaches it; sockets that are open stay.
   */
  attach(server: HttpServer): () => void {
    const undo = interceptHttp(server, {
      upgrade: (incoming, socket, head) => {
        if (!this.#serves(incoming.url ?? '')) return false
        this.handleUpgrade(incoming, socket, head, server)
        return true
      },
    })
    const detach = (): void => {
      undo()
      this.#detach.delete(detach)
    }
    this.#detach.add(detach)
    return detach
  }

  /**
   * Makes an HTTP server of its own and listens, by default on all addresses and a free port; plain requests are
   * answered with 426. Resolves with the address. Rejects with `TransportError` when the address cannot be had.
   */
  async listen(options: ListenOptions = {}): Promise<AddressInfo> {
    if (this.#ownServer !== undefined) throw new UsageError('ERR_STATE', 'This server listens already.')
    const { handshakeTimeoutMs, maxHeaderBytes } = this.#options
    const server = createServer(
      {
        headersTimeout: handshakeTimeoutMs,
        requestTimeout: Math.max(handshakeTimeoutMs, 300_000), // Node's default, which must not be the smaller one
        connectionsCheckingInterval: 1000,
        maxHeaderSize: maxHeaderBytes,
      },
      (_incoming, response) => {
        response.writeHead(426, { upgrade: 'websocket', connection: 'close', 'content-type': 'text/plain' })
        response.end('This is a WebSocket endpoint: connect with ws://.\n')
      },
    )
    this.#ownServer = server
    const detach = this.attach(server)
    try {
      await startListening(server, options)
    } catch (error) {
      detach()
      this.#ownServer = undefined
      throw error
    }
    if (this.#context.options.io === 'native') this.#door = BareDoor.open(server, this.#doorOwner())
    return server.address() as AddressInfo
  }

  /**
   * Answers one upgrade: for servers that route upgrades themselves. `server` is where the request came in; it is
   * needed to tell whether we listen on loopback and to serve requests that are no WebSocket handshake.
   */
  handleUpgrade(incoming: IncomingMessage, duplex: Duplex, head: Buffer, server?: HttpServer): void {
    // Node says Duplex, and gives what it listens on: sockets of `net` or `tls`.
    const socket = duplex as Socket
    const upgrade = new HttpUpgrade(incoming, socket, head)
    if (server !== undefined && !upgrade.head.headers.has('sec-websocket-key')) {
      servePlainRequest(server, incoming, socket, head)
      return
    }
    // From here on the socket is ours: no error of it may be without a listener.
    ignoreErrors(socket)
    if (socket.destroyed) return // its 'close' may be past, and nobody would tell us again
    if (socket.readableEnded) {
      socket.destroy() // so may its 'end', while the handshake waited for earlier answers
      return
    }
    if (socket.timeout !== undefined && socket.timeout > 0) socket.setTimeout(0)
    socket.setNoDelay(true)
    this.#admit(upgrade, server, isWholeHead(incoming, server))
  }

  /**
   * Accepts no more and closes every socket, by default with 1001; resolves when all are closed. Each gets as long as
   * `closeTimeoutMs` for its closing handshake. An HTTP server that it was attached to stays as it is.
   * Throws `UsageError` `ERR_CLOSE_CODE` or `ERR_CLOSE_REASON` for what a Close frame cannot carry.
   */
  close(code: number = CloseCode.goingAway, reason: string = 'The server is shutting down'): Promise<void> {
    // Encoded to be checked: a mistake must not leave a server that can never be closed.
    encodeClosePayload({ code, reason }, nodeBytes)
    return this.#closing ?? this.#closeAll(code, reason)
  }

  /** Drops every socket at once. */
  terminate(): void {
    for (const socket of this.#sockets) socket.terminate()
  }

  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #closeAll(code: number, reason: string): Promise<void> {
    const closing = new Promise<void>((resolve) => {
      this.#emptied = () => {
        this.#emptied = undefined
        resolve(this.#leave())
      }
    })
    // Set before anybody is told, because handlers may close the server, too.
    this.#closing = closing
    for (const pending of this.#pending) pending.abandon(SHUTTING_DOWN)
    for (const socket of this.#sockets) socket.close(code, reason)
    if (this.#sockets.size === 0) this.#emptied?.()
    return closing
  }

  async #leave(): Promise<void> {
    for (const detach of [...this.#detach]) detach()
    const server = this.#ownServer
    if (server === undefined) return
    const emptied = this.#door?.close()
    server.closeAllConnections()
    await new Promise<void>((resolve) => {
      server.close(() => resolve())
    })
    await emptied
  }

  #serves(target: string): boolean {
    const { path } = this.#options
    return path === undefined || originForm(target).split('?', 1)[0] === path
  }

  #doorOwner(): BareDoorOwner {
    const { handshakeTimeoutMs, maxHeaderBytes } = this.#options
    return {
      handshakeTimeoutMs,
      maxHeaderBytes,
      serves: ({ target }) => this.#serves(target),
      upgrade: (head, bare) => this.#admit(new BareUpgrade(head, bare), this.#ownServer, true),
    }
  }

  /** The first steps, for what came in either way: who it is, whether there is room, and what RFC 6455 says. */
  #admit(upgrade: ArrivedUpgrade, server: HttpServer | undefined, isWhole: boolean): void {
    const { head, socket } = upgrade
    const caller = this.#admission.admitUpgrade(head.headers, socket)
    if (caller instanceof Refusal) this.#refuse(socket, caller, head.method)
    else if (!isWhole) this.#refuse(socket, HEAD_WAS_CUT, head.method)
    else {
      const { allowOrigins, allowHosts } = this.#options
      const hosts = hostPolicyOf(server, allowHosts)
      const verdict = judgeUpgrade(head, { origins: allowOrigins, hosts, peer: caller.peer })
      if (!verdict.ok) this.#refuse(socket, verdict.refusal, head.method)
      else if (this.#closing !== undefined) this.#refuse(socket, SHUTTING_DOWN)
      else if (this.#authorize === undefined) this.#accept(upgrade, verdict.offer, caller, undefined as Data)
      else this.#decide(upgrade, verdict.offer, caller, this.#authorize)
    }
  }

  #decide(upgrade: ArrivedUpgrade, offer: UpgradeOffer, caller: Caller, authorize: Authorize<Data>): void {
    const pending = new PendingUpgrade(upgrade.socket, this.#options.handshakeTimeoutMs, (refusal) => {
      this.#pending.delete(pending)
      upgrade.settle()
      if (refusal !== undefined) this.#refuse(upgrade.socket, refusal)
    })
    upgrade.moved = (socket) => pending.moveTo(socket)
    const decided = (decision: Data | Refusal): void => {
      if (!pending.settle()) return
      this.#pending.delete(pending)
      upgrade.settle()
      if (decision instanceof Refusal) this.#refuse(upgrade.socket, decision)
      else if (this.#closing !== undefined) this.#refuse(upgrade.socket, SHUTTING_DOWN)
      else this.#accept(upgrade, offer, caller, decision)
    }
    const failed = (error: unknown): void => {
      console.error('authorize failed:', error)
      decided(new Refusal(500, 'The server could not decide whether to let you in.', {}))
    }
    try {
      const decision = authorize(new AskedUpgrade(upgrade, offer, caller, pending))
      if (!isPromiseLike(decision)) {
        decided(decision)
        return
      }
      this.#pending.add(pending)
      pending.watch()
      decision.then(decided, failed)
    } catch (error) {
      failed(error)
    }
  }

  #accept(upgrade: ArrivedUpgrade, offer: UpgradeOffer, { clientAddress }: Caller, data: Data): void {
    const { socket, head, rest } = upgrade
    const subprotocol = selectSubprotocol(offer.subprotocols, this.#options.subprotocols)
    const negotiated = this.#negotiate(offer)
    if (negotiated instanceof Refusal) {
      this.#refuse(socket, negotiated)
      return
    }
    const { answer, chain, header } = negotiated
    const accept = nodeAcceptKey(offer.key)
    const { upgradeHeaders } = this.#options
    const further = upgradeHeaders === undefined ? undefined : { headers: upgradeHeaders }
    const response = encodeUpgradeResponse(offer, { subprotocol, extensions: answer, accept, ...further })
    writeAnswer(socket, response, this.#context.options.io === 'native')
    this.#count.accepted++
    const webSocket = new NodeWebSocket(this.#context, socket, {
      target: originForm(head.target),
      protocol: subprotocol ?? '',
      extensions: header,
      chain,
      remoteAddress: clientAddress,
      data,
    })
    this.#sockets.add(webSocket)
    webSocket.start(rest)
  }

  /** An extension may be the application's own, and is given what the peer sent: if it throws, that is answered. */
  #negotiate(offer: UpgradeOffer): (NegotiatedExtensions & { readonly header: string }) | Refusal {
    if (offer.extensions.length === 0 || this.#extensions.length === 0) return NO_EXTENSIONS
    try {
      const negotiated = answerExtensions(offer.extensions, this.#extensions)
      return { ...negotiated, header: encodeExtensions(negotiated.answer) }
    } catch (error) {
      console.error('An extension failed:', error)
      return new Refusal(500, 'An extension of the server failed.', {})
    }
  }

  #refuse(socket: DriverSocket, refusal: UpgradeRefusal, method?: string): void {
    this.#count.refused++
    writeRefusal(socket, refusal, this.#context.profile.options.closeTimeoutMs, method)
  }

  #forget(socket: NodeWebSocket<Data>): void {
    this.#sockets.delete(socket)
    if (this.#sockets.size === 0) this.#emptied?.()
  }
}

/** Listens, on a free port unless told otherwise; failures behind that are printed. */
function startListening(server: HttpServer, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void =>
      reject(new TransportError('ERR_TRANSPORT', `Cannot listen: ${error.message}`, { cause: error }))
    server.once('error', failed)
    server.listen(options.path === undefined ? { port: 0, ...options } : options, () => {
      // Such as a connection that cannot be accepted for want of descriptors: the server goes on.
      server.off('error', failed).on('error', (error) => console.error('The WebSocket server failed:', error))
      resolve()
    })
  })
}

const NO_EXTENSIONS = { answer: [], chain: undefined, header: '' }

const SHUTTING_DOWN: UpgradeRefusal = {
  status: 503,
  message: 'The server is shutting down; try again.',
  headers: { 'retry-after': '1' },
}

function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
