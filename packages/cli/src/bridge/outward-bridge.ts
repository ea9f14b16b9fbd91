import { type BridgeEvent, TcpBridge } from '@wigwag/programs/bridge'
import { readOptionFile } from '../argument-parsers.ts'
import { listenProtected } from '../listening/socket-file.ts'
import type { BridgeCommandOptions } from './bridge-command-options.ts'
import type { RunningBridge } from './running-bridge.ts'

/** TCP in, WebSockets out. */
export class OutwardBridge implements RunningBridge {
  readonly #options: BridgeCommandOptions
  readonly #bridge: TcpBridge

  constructor(options: BridgeCommandOptions, onEvent: (event: BridgeEvent) => void) {
    this.#options = options
    const { to = '', header, ca, subprotocol } = options
    this.#bridge = new TcpBridge({
      to,
      handshakeTimeoutMs: options.connectTimeout,
      idleTimeoutMs: options.idleTimeout,
      lingerMs: options.linger,
      pingIntervalMs: options.pingInterval,
      maxMessageBytes: options.maxMessage,
      maxConnections: options.maxConnections,
      onEvent,
      ...(header && { headers: header }),
      ...(subprotocol && { subprotocols: subprotocol }),
      ...(ca !== undefined && { tls: { ca: readOptionFile('--ca', ca) } }),
    })
  }

  async listen(): Promise<string> {
    const { listen: address } = this.#options
    const { kind, ...where } = address
    if (kind === 'tcp') return this.#bridge.listen(where)
    try {
      return await listenProtected(address.path, this.#options, () => this.#bridge.listen(where))
    } catch (error) {
      await this.close()
      throw error
    }
  }

  close(): Promise<void> {
    return this.#bridge.close()
  }
}
