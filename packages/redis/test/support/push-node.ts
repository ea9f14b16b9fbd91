import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Broker, Hub } from '@wigwag/hub'
import { ChannelEndpoint } from '@wigwag/hub/node'

/** One node of a push server: a hub with its channels on a real HTTP server. */
export class PushNode {
  readonly hub: Hub
  readonly port: number
  readonly #endpoint: ChannelEndpoint
  readonly #server: Server

  private constructor(hub: Hub, endpoint: ChannelEndpoint, server: Server) {
    this.hub = hub
    this.#endpoint = endpoint
    this.#server = server
    this.port = (server.address() as AddressInfo).port
  }

  /** Serves a broker's channels on a free port. */
  static async start(broker: Broker): Promise<PushNode> {
    const hub = new Hub({ broker })
    const endpoint = new ChannelEndpoint(hub, { maxQueuedBytes: 64 * 1024 * 1024 })
    const server = createServer()
    endpoint.attach(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new PushNode(hub, endpoint, server)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closing = this.#endpoint.close()
    this.#server.closeAllConnections()
    await closing
    await this.hub.close()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
