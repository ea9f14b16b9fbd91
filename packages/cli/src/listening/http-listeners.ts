import { existsSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { dirname } from 'node:path'
import { readOptionFile } from '../argument-parsers.ts'
import { CliError, describeError } from '../cli-error.ts'
import type { ListenAddress } from './listen-address.ts'
import { createRedirectServer } from './redirect-server.ts'
import { listenProtected, type SocketFileOptions } from './socket-file.ts'

/** How a command serves HTTP. */
export interface HttpOptions extends SocketFileOptions {
  /** Where plain http is sent on to https. Default: nowhere. */
  readonly redirectPort?: number
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly tlsClientCa?: string
  readonly headerTimeout: number
  readonly requestTimeout: number
  readonly maxHeader: number
}

/** Whose upgrades and requests come in at each of the servers. */
interface Attachable {
  attach(server: Server): unknown
}

/** Answers what nobody else does. `server` is where it came in. */
type Answer = (incoming: IncomingMessage, response: ServerResponse, server: Server) => void

/** The HTTP servers of a command, one for each address, and those that send plain http on to https. */
export class HttpListeners {
  readonly #options: HttpOptions
  readonly #listeners: readonly { readonly address: ListenAddress; readonly server: Server }[]
  readonly #redirects: Server[] = []
  #isClosed = false

  /** Throws `CliError` when its certificate is none. */
  constructor(options: HttpOptions, addresses: readonly ListenAddress[], answer: Answer) {
    this.#options = options
    this.#listeners = addresses.map((address) => {
      const server: Server = createHttpServer(options, (incoming, response) => answer(incoming, response, server))
      return { address, server }
    })
  }

  /** Has something answer at all of them. */
  attach(endpoint: Attachable): void {
    for (const { server } of this.#listeners) endpoint.attach(server)
  }

  /** Listens; resolves with the URLs. Rejects with `CliError` when one of the addresses cannot be had; then none is. */
  async listen(): Promise<readonly [string, ...string[]]> {
    try {
      return await this.#listenAll()
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Takes nobody in any more. */
  close(): void {
    this.#isClosed = true
    for (const server of this.#servers()) server.close()
  }

  /** Cuts what is open still. */
  closeAllConnections(): void {
    for (const server of this.#servers()) server.closeAllConnections()
  }

  async #listenAll(): Promise<readonly [string, ...string[]]> {
    const { redirectPort, tlsCert } = this.#options
    const urls: string[] = []
    /** Which port was had first where any free one is asked for: all addresses have the same. */
    let anyPort = 0
    for (const { address, server } of this.#listeners) {
      if (this.#isClosed) throw new CliError('It was stopped while it started.')
      if (address.kind === 'unix') {
        await listenAtPath(server, address.path, this.#options)
        urls.push(`unix:${address.path}`)
        continue
      }
      const { host } = address
      const port = await listenAtPort(server, host, address.port === 0 ? anyPort : address.port)
      if (address.port === 0) anyPort = port
      urls.push(`${tlsCert === undefined ? 'http' : 'https'}://${nameOf(host)}:${port}`)
      if (redirectPort === undefined) continue
      const redirect = createRedirectServer(httpLimits(this.#options), () => port)
      this.#redirects.push(redirect)
      await listenAtPort(redirect, host, redirectPort)
    }
    // Addresses may have a name in common.
    return [...new Set(urls)] as [string, ...string[]]
  }

  #servers(): readonly Server[] {
    return [...this.#listeners.map(({ server }) => server), ...this.#redirects]
  }
}

/** An HTTP server, or one of https where there is a certificate. */
function createHttpServer(
  options: HttpOptions,
  answer: (incoming: IncomingMessage, response: ServerResponse) => void,
): Server {
  const { tlsCert, tlsKey, tlsClientCa } = options
  const limits = httpLimits(options)
  if (tlsCert === undefined || tlsKey === undefined) return createServer(limits, answer)
  const cert = readOptionFile('--tls-cert', tlsCert)
  const key = readOptionFile('--tls-key', tlsKey)
  const clients = tlsClientCa !== undefined && {
    ca: readOptionFile('--tls-client-ca', tlsClientCa),
    requestCert: true,
    rejectUnauthorized: true,
  }
  try {
    return createTlsServer({ ...limits, ...clients, cert, key, handshakeTimeout: options.headerTimeout }, answer)
  } catch (error) {
    throw new CliError(
      `--tls-cert ${tlsCert} and --tls-key ${tlsKey} do not make a TLS server: ${describeError(error)}. ` +
        'Both are PEM files (-----BEGIN …), and the key is that of the certificate.',
    )
  }
}

async function listenAtPort(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new CliError(describeListenError(error, host, port)))
    })
    server.listen(port, host, resolve)
  })
  return (server.address() as AddressInfo).port
}

function listenAtPath(server: Server, path: string, options: SocketFileOptions): Promise<void> {
  const listen = (): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(new CliError(describePathError(error, path))))
      server.listen(path, resolve)
    })
  return listenProtected(path, options, listen)
}

function nameOf(host: string): string {
  if (host === '127.0.0.1' || host === '::1') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}

/** Time-outs and limits against clients that are slow on purpose. */
function httpLimits({ headerTimeout, requestTimeout, maxHeader }: HttpOptions): ServerOptions {
  return {
    headersTimeout: headerTimeout,
    requestTimeout,
    connectionsCheckingInterval: Math.min(1000, headerTimeout),
    maxHeaderSize: maxHeader,
  }
}

function describeListenError(error: NodeJS.ErrnoException, host: string, port: number): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is in use by another program. Stop that, or choose another with --port (0 for any free one).`
    case 'EACCES':
      return `Port ${port} on ${host} needs privileges that you do not have. Choose one above 1023 with --port.`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${host} is no address of this machine. Choose another with --host.`
    default:
      return `Cannot listen on ${host} port ${port}: ${error.message}`
  }
}

function describePathError({ code, message }: NodeJS.ErrnoException, path: string): string {
  if (code === 'EADDRINUSE') return `${path} is there already, and it is in use or no socket. Choose another path.`
  // What libuv says of a folder that is not there, too.
  if (code === 'EACCES') {
    const isThere = existsSync(dirname(path))
    return isThere ? `You may not make a socket at ${path}.` : `There is no folder for ${path}. Make it first.`
  }
  return `Cannot listen on ${path}: ${message}`
}
