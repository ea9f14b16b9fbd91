import type { Server } from 'node:http'
import type { Contract } from '@wigwag/protocol'
import { Hub } from '../hub.ts'
import { ChannelEndpoint } from './channel-endpoint.ts'
import type { ChannelEndpointOptions } from './endpoint-options.ts'

/** A hub that serves itself. */
export class NodeHub<const C extends Contract = Contract> extends Hub<C> {
  readonly #endpoints = new Set<ChannelEndpoint>()

  /**
   * Serves sessions and channels on an `http` or `https` server, before its other listeners see their requests; every
   * other path is left alone. Returns the endpoint, which the hub closes with itself. Throws as `ChannelEndpoint` does.
   */
  attach(server: Server, options: ChannelEndpointOptions = {}): ChannelEndpoint {
    const endpoint = new ChannelEndpoint(this, options)
    endpoint.attach(server)
    this.#endpoints.add(endpoint)
    return endpoint
  }

  /** Closes what serves it, then every session and subscription, and the broker. */
  override async close(): Promise<void> {
    await Promise.all([...this.#endpoints].map((endpoint) => endpoint.close()))
    await super.close()
  }
}
