import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { readOptionFile } from './argument-parsers.ts'
import { CliError, describeError } from './cli-error.ts'

/** Where and how a command serves. */
export interface ListenOptions {
  readonly port: number
  readonly host: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly headerTimeout: number
  readonly requestTimeout: number
  readonly maxHeader: number
}

/** An HTTP server, or one of https where there is a certificate. Throws `CliError` when that is none. */
export function createHttpServer(
  options: ListenOptions,
  answer: (incoming: IncomingMessage, response: ServerResponse) => void,
): Server {
  const { tlsCert, tlsKey } = options
  const limits = httpLimits(options)
  if (tlsCert === undefined || tlsKey === undefined) return createServer(limits, answer)
  const cert = readOptionFile('--tls-cert', tlsCert)
  const key = readOptionFile('--tls-key', tlsKey)
  try {
    return createTlsServer({ ...limits, cert, key }, answer)
  } catch (error) {
    throw new CliError(
      `--tls-cert ${tlsCert} and --tls-key ${tlsKey} do not make a TLS server: ${describeError(error)}. ` +
        'Both are PEM files (-----BEGIN …), and the key is that of the certificate.',
    )
  }
}

/** Listens; resolves with the URL. Rejects with `CliError` when the address cannot be had. */
export async function listen(server: Server, options: ListenOptions): Promise<string> {
  const { host, port, tlsCert } = options
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new CliError(describeListenError(error, options))))
    server.listen(port, host, resolve)
  })
  const { port: actual } = server.address() as AddressInfo
  const name = host === '127.0.0.1' || host === '::1' ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return `${tlsCert === undefined ? 'http' : 'https'}://${name}:${actual}`
}

/** Time-outs and limits against clients that are slow on purpose. */
function httpLimits({ headerTimeout, requestTimeout, maxHeader }: ListenOptions): ServerOptions {
  return {
    headersTimeout: headerTimeout,
    requestTimeout,
    connectionsCheckingInterval: Math.min(1000, headerTimeout),
    maxHeaderSize: maxHeader,
  }
}

function describeListenError(error: NodeJS.ErrnoException, { host, port }: ListenOptions): string {
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
