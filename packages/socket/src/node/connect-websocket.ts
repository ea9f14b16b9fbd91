import { randomBytes } from 'node:crypto'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions as TlsOptions } from 'node:tls'
import {
  ClientHandshake,
  CloseCode,
  checkNumberOption,
  encodeExtensions,
  HeadCollector,
  ProtocolError,
  parseResponseHead,
  type ResponseHead,
  TransportError,
  type UpgradeAgreement,
  UsageError,
  WigwagError,
} from '../core/index.ts'
import { type ExtensionOptions, resolveExtensions } from './extension-options.ts'
import { NodeWebSocket } from './node-web-socket.ts'
import { readRefusalBody } from './refusal-body.ts'
import { createProfile } from './socket-driver.ts'
import type { SocketHandlers } from './socket-handlers.ts'
import { resolveSocketOptions, type SocketOptions } from './socket-options.ts'

/** What a client asks for, how its socket behaves, and its handlers, in one object. */
export interface ConnectOptions<Data = undefined>
  extends SocketOptions,
    ExtensionOptions,
    SocketHandlers<NodeWebSocket<Data>> {
  /** Subprotocols, most wanted first. Default: none. */
  readonly subprotocols?: readonly string[]
  /** Further request headers, by name: `authorization`, `origin`, `cookie`. */
  readonly headers?: Readonly<Record<string, string>>
  /** How long connecting may take, opening handshake included, in milliseconds. Default 10,000. */
  readonly handshakeTimeoutMs?: number
  /** Largest response head accepted, in bytes. Default 16 KiB. */
  readonly maxHeaderBytes?: number
  /** Options of the TLS layer for `wss:`, such as `ca`. */
  readonly tls?: TlsOptions
  /** Gives up connecting. It has no effect on an open socket. */
  readonly signal?: AbortSignal
  /** The application's own. */
  readonly data?: Data
}

/** The server answered the upgrade with a status other than 101. */
export class UpgradeRefusedError extends ProtocolError {
  readonly status: number
  /** The head of the answer. */
  readonly response: ResponseHead
  /** The first bytes of its body, as far as they came with the head. */
  readonly body: string

  constructor(error: ProtocolError, response: ResponseHead, body: string) {
    super(error.code, body === '' ? error.message : `${error.message} ${body}`, error.closeCode)
    this.status = response.status
    this.response = response
    this.body = body
  }
}

const DEFAULTS = { handshakeTimeoutMs: 10_000, maxHeaderBytes: 16 * 1024 } as const

/**
 * Connects to `ws:`, `wss:`, `http:` or `https:`; resolves when the opening handshake is done and `open` was called.
 * Rejects with `UpgradeRefusedError`, `ProtocolError` (a wrong answer), `TransportError` (no connection, time-out),
 * `WigwagError` `ERR_EXTENSION` (an extension of yours threw) or the signal's reason; throws `UsageError` for a URL or
 * option that cannot work.
 */
export function connectWebSocket<Data = undefined>(
  url: string | URL,
  options: ConnectOptions<Data> = {},
): Promise<NodeWebSocket<Data>> {
  const endpoint = parseEndpoint(url)
  const { handshakeTimeoutMs = DEFAULTS.handshakeTimeoutMs, maxHeaderBytes = DEFAULTS.maxHeaderBytes } = options
  checkNumberOption('handshakeTimeoutMs', handshakeTimeoutMs, 1)
  checkNumberOption('maxHeaderBytes', maxHeaderBytes, 1)
  const { subprotocols = [], headers = {} } = options
  const { target, host } = endpoint
  const extensions = resolveExtensions(options, true)
  const handshake = new ClientHandshake({ target, host, subprotocols, headers, extensions }, randomBytes(16))
  const request = handshake.encodeRequest()
  const limits = { handshakeTimeoutMs, maxHeaderBytes, signal: options.signal }
  const context = {
    profile: createProfile('client', options),
    options: resolveSocketOptions(options),
    handlers: options,
  }
  const socket = openSocket(endpoint, options.tls)
  return new Promise((resolve, reject) => {
    performHandshake(socket, handshake, request, limits, (agreed) => {
      if ('failure' in agreed) {
        socket.destroy()
        reject(agreed.failure)
        return
      }
      const protocol = agreed.agreement.subprotocol ?? ''
      const remoteAddress = socket.remoteAddress ?? ''
      const webSocket = new NodeWebSocket<Data>(context, socket, {
        target,
        protocol,
        extensions: encodeExtensions(agreed.agreement.extensions),
        chain: agreed.agreement.chain,
        remoteAddress,
        data: options.data as Data,
      })
      webSocket.start(agreed.rest)
      resolve(webSocket)
    })
  })
}

interface Endpoint {
  readonly secure: boolean
  readonly hostname: string
  readonly port: number
  readonly host: string
  readonly target: string
}

function parseEndpoint(url: string | URL): Endpoint {
  if (!URL.canParse(String(url)))
    throw usage(`${JSON.stringify(String(url))} is no URL. Write it as ws://host:port/path`)
  const parsed = new URL(url)
  const { protocol, hash, username } = parsed
  if (!['ws:', 'wss:', 'http:', 'https:'].includes(protocol)) {
    throw usage(
      `The URL's scheme is ${protocol}; a WebSocket has ws: or wss: (or http: and https:, which mean the same)`,
    )
  }
  if (hash !== '') throw usage('A WebSocket URL has no fragment (RFC 6455 §3); write "#" as %23')
  if (username !== '') throw usage('Credentials in the URL are not sent; pass an authorization header')
  const secure = protocol === 'wss:' || protocol === 'https:'
  return {
    secure,
    hostname: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: parsed.port === '' ? (secure ? 443 : 80) : Number(parsed.port),
    host: parsed.host,
    target: parsed.pathname + parsed.search,
  }
}

function usage(what: string): UsageError {
  return new UsageError('ERR_ARGUMENT', `${what}.`)
}

function openSocket({ secure, hostname, port }: Endpoint, tls: TlsOptions = {}): Socket {
  if (!secure) return connectTcp({ host: hostname, port, noDelay: true })
  const servername = isIP(hostname) === 0 ? hostname : ''
  const socket = connectTls({ servername, ALPNProtocols: ['http/1.1'], ...tls, host: hostname, port })
  return socket.setNoDelay(true)
}

interface HandshakeLimits {
  readonly handshakeTimeoutMs: number
  readonly maxHeaderBytes: number
  readonly signal: AbortSignal | undefined
}

interface Agreed {
  readonly agreement: UpgradeAgreement
  readonly rest: Uint8Array
}

/** Why nothing was agreed: an error, or whatever a signal was aborted with. */
interface Failed {
  readonly failure: unknown
}

type HandshakeDone = (result: Agreed | Failed) => void

/** RFC 9110 §15.2: any 1xx may come before the answer; of these only 101 is one. */
const INTERIM = /^HTTP\/1\.1 1(?!01)\d\d\b/
/** More interim answers than any server sends; without an end they would keep us busy until the time-out. */
const MAX_INTERIM = 16

/** The most that Node's timers can wait for. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** Sends the request, reads the response, and calls `done` once. */
function performHandshake(
  socket: Socket,
  handshake: ClientHandshake,
  request: string,
  limits: HandshakeLimits,
  done: HandshakeDone,
): void {
  let collector = new HeadCollector(limits.maxHeaderBytes)
  let interims = 0
  const { signal, handshakeTimeoutMs } = limits
  const finish: HandshakeDone = (result) => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', aborted)
    socket.off('data', received).off('error', failed).off('close', left).on('error', ignore)
    done(result)
  }
  const received = (chunk: Buffer): void => {
    let collected = collector.push(chunk)
    while (collected.step === 'head' && INTERIM.test(collected.text)) {
      if (++interims > MAX_INTERIM) {
        finish({ failure: tooManyInterims() })
        return
      }
      collector = new HeadCollector(limits.maxHeaderBytes)
      collected = collector.push(collected.rest)
    }
    if (collected.step === 'more') return
    socket.pause()
    if (collected.step === 'failed') finish({ failure: collected.error })
    else finish(judge(handshake, collected.text, collected.rest))
  }
  const failed = (error: Error): void =>
    finish({ failure: new TransportError('ERR_TRANSPORT', `Cannot connect: ${describe(error)}.`, { cause: error }) })
  const left = (): void =>
    finish({
      failure: new TransportError('ERR_TRANSPORT', 'The server closed the connection before it answered the upgrade.'),
    })
  const aborted = (): void => finish({ failure: signal?.reason })
  const timer = setTimeout(
    () => {
      const what = `The opening handshake took longer than ${handshakeTimeoutMs} ms (handshakeTimeoutMs).`
      finish({ failure: new TransportError('ERR_HANDSHAKE_TIMEOUT', what) })
    },
    Math.min(handshakeTimeoutMs, MAX_TIMER_MS),
  )
  socket.on('data', received).on('error', failed).on('close', left)
  signal?.addEventListener('abort', aborted)
  socket.write(request)
  if (signal?.aborted) aborted()
}

function tooManyInterims(): ProtocolError {
  return new ProtocolError(
    'ERR_HANDSHAKE_HEAD',
    `The server sent more than ${MAX_INTERIM} interim answers (1xx) before its answer to the upgrade.`,
    CloseCode.abnormal,
  )
}

function judge(handshake: ClientHandshake, text: string, rest: Uint8Array): Agreed | Failed {
  const response = parseResponseHead(text)
  if (response instanceof ProtocolError) return { failure: response }
  const agreement = judgeSafely(handshake, response)
  if (!(agreement instanceof WigwagError)) return { agreement, rest }
  if (!(agreement instanceof ProtocolError)) return { failure: agreement }
  if (response.status === 101) return { failure: agreement }
  return { failure: new UpgradeRefusedError(agreement, response, readRefusalBody(response, rest)) }
}

/** An extension may be the application's own, and is given what the peer sent. */
function judgeSafely(handshake: ClientHandshake, response: ResponseHead): UpgradeAgreement | WigwagError {
  try {
    return handshake.judge(response)
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error)
    return new WigwagError('ERR_EXTENSION', `An extension failed on the server's answer: ${what}.`, { cause: error })
  }
}

/** Node's error for several failed addresses has no message of its own. */
function describe(error: Error): string {
  if (error instanceof AggregateError && error.errors.length > 0) return (error.errors[0] as Error).message
  return error.message
}

function ignore(): void {}
