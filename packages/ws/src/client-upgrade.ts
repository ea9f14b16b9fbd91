import { randomBytes } from 'node:crypto'
import type { EventEmitter } from 'node:events'
// Whole modules: tools for tests and tracing replace functions on them, which a name imported by itself would not notice.
import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import https from 'node:https'
import net, { isIP, type Socket, type TcpNetConnectOpts } from 'node:net'
import type { Duplex } from 'node:stream'
import tls, { type ConnectionOptions as TlsOptions } from 'node:tls'
import { ClientHandshake, encodeExtensions, isToken, type MessageExtension, offerExtensions } from '@wigwag/socket/core'
import { resolveDeflate, type WsDeflateOptions } from './deflate-options.ts'
import { judgeResponse } from './judge-response.ts'
import { type RareStateOwner, rareStateOf } from './rare-state.ts'
import { ReadyState } from './ready-state.ts'
import { carryHeaders } from './redirect-policy.ts'
import { createContext, FACE_DEFAULTS, type FaceOptions, type OpenedSocket } from './socket-context.ts'
import { parseTarget, type UpgradeTarget } from './upgrade-target.ts'

/** What a client may be told, besides what `http.request`, `net.connect` and `tls.connect` take. */
export interface UpgradeOptions extends FaceOptions {
  /** Subprotocols, where they are not given on their own. */
  readonly protocols?: string | readonly string[] | undefined
  /** Called instead of `request.end()`, to set headers at the last moment; it must end the request. */
  readonly finishRequest?: ((request: ClientRequest, socket: unknown) => void) | undefined
  /** Default false. */
  readonly followRedirects?: boolean | undefined
  /** Default 10. */
  readonly maxRedirects?: number | undefined
  /** How long each request may take, in milliseconds. Default: no limit. */
  readonly handshakeTimeout?: number | undefined
  readonly headers?: Readonly<Record<string, unknown>> | undefined
  readonly origin?: string | undefined
  /** Default true. */
  readonly perMessageDeflate?: boolean | WsDeflateOptions | undefined
  /** 13, the only version there is (RFC 6455 §4.1). */
  readonly protocolVersion?: number | undefined
  readonly createConnection?: unknown
}

/** The WebSocket that is to be opened. */
export interface UpgradeRequester extends EventEmitter, RareStateOwner {
  readonly readyState: ReadyState
  _readyState: ReadyState
  /** @internal */
  _open(socket: Duplex, head: Uint8Array, opened: OpenedSocket): void
  /** @internal */
  _fail(error: Error): void
}

/** Options of requests that the handshake itself sets. */
const OWN_OPTIONS = {
  hostname: undefined,
  protocol: undefined,
  protocols: undefined,
  timeout: undefined,
  socketPath: undefined,
  auth: undefined,
  method: 'GET',
}

/** The opening handshake of a client, by way of `http.request`, so that agents, proxies and TLS options are Node's. */
export class ClientUpgrade {
  readonly #requester: UpgradeRequester
  readonly #subprotocols: readonly string[]
  readonly #options: UpgradeOptions
  readonly #spoken: readonly MessageExtension[]
  readonly #invalidSubprotocols: boolean
  #first: UpgradeTarget | undefined
  /** The credentials that were sent first: as with curl, no redirect replaces them. */
  #auth: string | null | undefined
  #redirects = 0
  #timer: NodeJS.Timeout | undefined
  #aborted = false

  /** Throws `SyntaxError` for subprotocols that cannot be, `RangeError` for another version of the protocol. */
  constructor(requester: UpgradeRequester, subprotocols: readonly string[], options: UpgradeOptions) {
    this.#requester = requester
    this.#subprotocols = subprotocols
    this.#options = options
    const { protocolVersion = 13, perMessageDeflate = true } = options
    if (protocolVersion !== 13) {
      throw new RangeError(`Unsupported protocol version: ${protocolVersion} (supported versions: 13)`)
    }
    const invalid = subprotocols.some((name) => typeof name !== 'string' || !isToken(name))
    this.#spoken = resolveDeflate(perMessageDeflate)
    this.#invalidSubprotocols = invalid || new Set(subprotocols).size !== subprotocols.length
  }

  /** Sends the request. Throws `SyntaxError` for a URL that cannot be. */
  start(address: string | URL): void {
    const target = parseTarget(address)
    rareStateOf(this.#requester).url = target.href
    if (this.#invalidSubprotocols) throw new SyntaxError('An invalid or duplicated subprotocol was specified')
    this.#first ??= target
    this.#send(target)
  }

  /** Gives up: the error is told in the next turn, with `close` behind it. */
  abort(error: Error): void {
    if (this.#aborted) return
    this.#aborted = true
    clearTimeout(this.#timer)
    const requester = this.#requester
    requester._readyState = ReadyState.CLOSING
    const request = rareStateOf(requester).request
    rareStateOf(requester).request = null
    request?.destroy()
    request?.socket?.destroy()
    process.nextTick(() => requester._fail(error))
  }

  #send(target: UpgradeTarget): void {
    const handshake = new ClientHandshake(
      {
        target: target.path.startsWith('/') ? target.path : '/',
        host: 'unused',
        subprotocols: this.#subprotocols,
        extensions: this.#spoken,
      },
      randomBytes(16),
    )
    const request = (target.secure ? https : http).request(this.#requestOptions(target, handshake.key))
    rareStateOf(this.#requester).request = request
    this.#watch(request, target, handshake)
    if (this.#redirects > 0) this.#requester.emit('redirect', target.href, request)
    const { finishRequest } = this.#options
    if (finishRequest === undefined) request.end()
    else finishRequest(request, this.#requester)
  }

  #requestOptions(target: UpgradeTarget, key: string): RequestOptions {
    const { headers, auth } = this.#carried(target)
    const { origin, createConnection } = this.#options
    if (auth) this.#auth ??= target.auth ?? (this.#options as RequestOptions).auth
    const subprotocols = this.#subprotocols
    return {
      ...(this.#options as RequestOptions),
      ...OWN_OPTIONS,
      host: target.hostname,
      port: target.port,
      defaultPort: (this.#options as RequestOptions).defaultPort ?? (target.secure ? 443 : 80),
      path: target.path,
      socketPath: target.socketPath,
      auth: auth ? this.#auth : undefined,
      // Without it, requests would go through Node's global agent, which has ideas of its own about reusing connections.
      createConnection: (createConnection ?? (target.secure ? openTls : openTcp)) as never,
      headers: {
        ...headers,
        'Sec-WebSocket-Version': 13,
        'Sec-WebSocket-Key': key,
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        ...(this.#spoken.length > 0 && { 'Sec-WebSocket-Extensions': encodeExtensions(offerExtensions(this.#spoken)) }),
        ...(subprotocols.length > 0 && { 'Sec-WebSocket-Protocol': subprotocols.join(',') }),
        ...(origin && { Origin: origin }),
      } as never,
    } as RequestOptions
  }

  /** Whoever listens for `redirect` sees to credentials itself. */
  #carried(target: UpgradeTarget): { readonly headers: Readonly<Record<string, unknown>>; readonly auth: boolean } {
    const { headers = {} } = this.#options
    if (this.#redirects === 0 || this.#requester.listenerCount('redirect') > 0) return { headers, auth: true }
    return carryHeaders(this.#first as UpgradeTarget, target, headers)
  }

  #watch(request: ClientRequest, target: UpgradeTarget, handshake: ClientHandshake): void {
    const { handshakeTimeout } = this.#options
    clearTimeout(this.#timer)
    if (handshakeTimeout) {
      this.#timer = setTimeout(() => this.abort(new Error('Opening handshake has timed out')), handshakeTimeout)
    }
    request.on('error', (error) => {
      if (this.#aborted || rareStateOf(this.#requester).request !== request) return
      clearTimeout(this.#timer)
      this.#aborted = true
      rareStateOf(this.#requester).request = null
      this.#requester._fail(error)
    })
    request.on('response', (response) => this.#answered(request, response, target))
    request.on('upgrade', (response, socket, head) => this.#upgraded(response, socket, head, handshake))
  }

  #answered(request: ClientRequest, response: IncomingMessage, target: UpgradeTarget): void {
    const { followRedirects = false, maxRedirects = 10 } = this.#options
    const { location } = response.headers
    const status = response.statusCode ?? 0
    if (location !== undefined && followRedirects && status >= 300 && status < 400) {
      if (++this.#redirects > maxRedirects) this.abort(new Error('Maximum redirects exceeded'))
      else this.#follow(request, location, target)
    } else if (!this.#requester.emit('unexpected-response', request, response)) {
      this.abort(new Error(`Unexpected server response: ${status}`))
    }
  }

  #follow(request: ClientRequest, location: string, target: UpgradeTarget): void {
    rareStateOf(this.#requester).request = null
    request.on('error', ignore)
    request.destroy()
    try {
      if (!URL.canParse(location, target.href)) throw new SyntaxError(`Invalid URL: ${location}`)
      this.start(new URL(location, target.href))
    } catch (error) {
      clearTimeout(this.#timer)
      this.#aborted = true
      this.#requester._fail(error as Error)
    }
  }

  #upgraded(response: IncomingMessage, socket: Socket, head: Buffer, handshake: ClientHandshake): void {
    const requester = this.#requester
    requester.emit('upgrade', response)
    // A listener may have given up.
    if (requester.readyState !== ReadyState.CONNECTING) return
    clearTimeout(this.#timer)
    rareStateOf(requester).request = null
    const agreed = judgeResponse(response, {
      handshake,
      subprotocols: this.#subprotocols,
      extensions: this.#spoken.length > 0,
    })
    if (agreed instanceof Error) {
      requester._readyState = ReadyState.CLOSING
      this.#aborted = true
      socket.on('error', ignore).once('close', () => requester._fail(agreed))
      socket.destroy()
      return
    }
    requester._open(socket, head, {
      context: createContext('client', { ...FACE_DEFAULTS, ...this.#options }),
      chain: agreed.chain,
      extensions: agreed.extensions.map(({ name }) => name).join(),
      protocol: agreed.subprotocol ?? '',
    })
  }
}

function openTcp(options: TcpNetConnectOpts & { readonly socketPath?: string }): Socket {
  // To `net`, `path` is that of a unix socket; here it is that of the request.
  return net.connect({ ...options, path: options.socketPath } as TcpNetConnectOpts)
}

function openTls(options: TlsOptions): Socket {
  const { servername, host = '' } = options
  const name = servername === undefined ? (isIP(host) === 0 ? host : '') : servername
  return tls.connect({ ...options, path: undefined, servername: name } as TlsOptions)
}

function ignore(): void {}
