import type { IncomingMessage, ServerResponse } from 'node:http'
import { type BridgeEvent, WebSocketBridge, type WebSocketBridgeOptions } from '@wigwag/programs/bridge'
import { HttpListeners } from '../listening/http-listeners.ts'
import { doorPolicies } from '../listening/listening-options.ts'
import type { BridgeCommandOptions } from './bridge-command-options.ts'
import type { RunningBridge } from './running-bridge.ts'

/** WebSockets in, TCP out. */
export class InwardBridge implements RunningBridge {
  readonly #bridge: WebSocketBridge
  readonly #http: HttpListeners

  constructor(options: BridgeCommandOptions, onEvent: (event: BridgeEvent) => void) {
    this.#bridge = new WebSocketBridge({ ...inwardOptions(options), onEvent })
    this.#http = new HttpListeners(options, [options.listen], answerPlain)
    this.#http.attach(this.#bridge)
  }

  async listen(): Promise<string> {
    const [url] = await this.#http.listen()
    return url.replace(/^http/, 'ws')
  }

  async close(): Promise<void> {
    this.#http.close()
    await this.#bridge.close()
    this.#http.closeAllConnections()
  }
}

function inwardOptions(options: BridgeCommandOptions): WebSocketBridgeOptions {
  const { to, allow, credential, subprotocol } = options
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
    ...doorPolicies(options),
  }
}

function answerPlain(_incoming: IncomingMessage, response: ServerResponse): void {
  response.writeHead(426, { upgrade: 'websocket', connection: 'close', 'content-type': 'text/plain; charset=utf-8' })
  response.end('This is a bridge: connect with ws://.\n')
}
