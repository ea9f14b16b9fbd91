import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { type BridgeEvent, WebSocketBridge, type WebSocketBridgeOptions } from '@wigwag/programs/bridge'
import { createHttpServer, listen } from '../http-server.ts'
import type { BridgeCommandOptions } from './bridge-command-options.ts'
import type { RunningBridge } from './running-bridge.ts'

/** WebSockets in, TCP out. */
export class InwardBridge implements RunningBridge {
  readonly #options: BridgeCommandOptions
  readonly #bridge: WebSocketBridge
  readonly #http: Server

  constructor(options: BridgeCommandOptions, onEvent: (event: BridgeEvent) => void) {
    this.#options = options
    this.#bridge = new WebSocketBridge({ ...inwardOptions(options), onEvent })
    this.#http = createHttpServer({ ...options, ...hostAndPort(options) }, answerPlain)
    this.#bridge.attach(this.#http)
  }

  async listen(): Promise<string> {
    const { listen: address } = this.#options
    if (address.kind === 'tcp') {
      const url = await listen(this.#http, { ...this.#options, ...hostAndPort(this.#options) })
      return url.replace(/^http/, 'ws')
    }
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject).listen(address.path, resolve)
    })
    return `unix:${address.path}`
  }

  async close(): Promise<void> {
    this.#http.close()
    await this.#bridge.close()
    this.#http.closeAllConnections()
  }
}

function hostAndPort({ listen: address }: BridgeCommandOptions): { host: string; port: number } {
  return address.kind === 'tcp' ? address : { host: '127.0.0.1', port: 0 }
}

function inwardOptions(options: BridgeCommandOptions): WebSocketBridgeOptions {
  const { to, allow, credential, subprotocol, allowOrigin, allowHost, trustedProxy } = options
  return {
    connectTimeoutMs: options.connectTimeout,
    handshakeTimeoutMs: options.connectTimeout + 5_000,
    idleTimeoutMs: options.idleTimeout,
    lingerMs: options.linger,
    pingIntervalMs: options.pingInterval,
    maxMessageBytes: options.maxMessage,
    maxConnections: options.maxConnections,
    ...(to !== undefined && { to }),
    ...(allow && { allow }),
    ...(credential && { credentials: credential }),
    ...(subprotocol && { subprotocols: subprotocol }),
    ...(trustedProxy && { trustedProxies: trustedProxy }),
    ...(allowOrigin && { allowOrigins: allowOrigin.includes('*') ? ('any' as const) : allowOrigin }),
    ...(allowHost && { allowHosts: allowHost.includes('*') ? ('any' as const) : allowHost }),
  }
}

function answerPlain(_incoming: IncomingMessage, response: ServerResponse): void {
  response.writeHead(426, { upgrade: 'websocket', connection: 'close', 'content-type': 'text/plain; charset=utf-8' })
  response.end('This is a bridge: connect with ws://.\n')
}
