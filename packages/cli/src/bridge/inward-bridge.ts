import type { ServerResponse } from 'node:http'
import { ExecHttp } from '@wigwag/programs'
import { type BridgeEvent, WebSocketBridge, type WebSocketBridgeOptions } from '@wigwag/programs/bridge'
import { Admission } from '@wigwag/socket'
import { HttpListeners } from '../listening/http-listeners.ts'
import { doorPolicies } from '../listening/listening-options.ts'
import type { BridgeCommandOptions } from './bridge-command-options.ts'
import type { RunningBridge } from './running-bridge.ts'

/** WebSockets in, TCP out. */
export class InwardBridge implements RunningBridge {
  readonly #bridge: WebSocketBridge
  readonly #http: HttpListeners

  constructor(options: BridgeCommandOptions, onEvent: (event: BridgeEvent) => void) {
    const { trustedProxies, ...policies } = doorPolicies(options)
    // Pages and WebSockets count together.
    const admission = new Admission({
      maxConnections: options.maxConnections,
      ...(trustedProxies && { trustedProxies }),
    })
    const doors = { admission, ...policies, ...(options.credential && { credentials: options.credential }) }
    this.#bridge = new WebSocketBridge({ ...inwardOptions(options), ...doors, onEvent })
    const { static: staticFolder } = options
    const pages = staticFolder === undefined ? undefined : new ExecHttp({ ...doors, staticFolder })
    this.#http = new HttpListeners(options, [options.listen], (incoming, response, server) => {
      if (pages === undefined) answerPlain(response)
      else void pages.answer(server, incoming, response)
    })
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
  const { to, allow, subprotocol } = options
  return {
    connectTimeoutMs: options.connectTimeout,
    handshakeTimeoutMs: options.connectTimeout + 5_000,
    idleTimeoutMs: options.idleTimeout,
    lingerMs: options.linger,
    pingIntervalMs: options.pingInterval,
    maxMessageBytes: options.maxMessage,
    ...(to !== undefined && { to }),
    ...(allow && { allow }),
    ...(subprotocol && { subprotocols: subprotocol }),
  }
}

function answerPlain(response: ServerResponse): void {
  response.writeHead(426, { upgrade: 'websocket', connection: 'close', 'content-type': 'text/plain; charset=utf-8' })
  response.end('This is a bridge: connect with ws://.\n')
}
