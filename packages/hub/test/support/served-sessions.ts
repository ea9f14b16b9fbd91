import type { HubOptions } from '@wigwag/hub'
import type { ChannelEndpointOptions, CreateHubOptions } from '@wigwag/hub/node'
import { Centrifuge, type Options } from 'centrifuge'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { type ServedChannels, serveChannels } from './served-channels.ts'

/** A hub with sessions on a real server. */
export interface ServedSessions extends ServedChannels {
  /** A client of npm's `centrifuge`, which is disconnected when the test is finished. Given a port, it comes through that. */
  client(options?: Partial<Options>, port?: number): Centrifuge
}

/** Serves sessions until the test is finished. */
export async function serveSessions(
  options: ChannelEndpointOptions & CreateHubOptions & Partial<HubOptions> = {},
): Promise<ServedSessions> {
  const served = await serveChannels(options)
  return {
    ...served,
    client: (clientOptions = {}, port = served.port) => {
      const client = new Centrifuge(`ws://127.0.0.1:${port}/connection/websocket`, {
        websocket: WebSocket,
        minReconnectDelay: 1,
        maxReconnectDelay: 50,
        ...clientOptions,
      })
      onTestFinished(() => client.disconnect())
      return client
    },
  }
}

/** The next time that something emits an event. */
export function nextEvent<Context>(
  emitter: { once(event: string, listener: (context: Context) => void): unknown },
  event: string,
): Promise<Context> {
  return new Promise((resolve) => {
    emitter.once(event, resolve)
  })
}
