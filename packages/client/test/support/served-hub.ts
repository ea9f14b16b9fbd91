import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Client, type ClientOptions, webSocket } from '@wigwag/client'
import { type CreateHubOptions, createHub, type NodeHub } from '@wigwag/hub/node'
import { FaultProxy } from '@wigwag/testkit'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'

/** A hub on a real server, behind a line that can be cut, and clients of it. */
export interface ServedHub {
  readonly hub: NodeHub
  readonly server: Server
  readonly line: FaultProxy
  /** Where the line is, as `http://127.0.0.1:PORT/`. */
  readonly url: string
  /** A client that comes through the line, and does not wait long. */
  client(options?: ClientOptions): Client
}

/** Serves a hub until the test is finished. */
export async function serveHub(options: CreateHubOptions = {}): Promise<ServedHub> {
  const hub = createHub(options)
  const server = createServer()
  hub.attach(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const line = new FaultProxy((server.address() as AddressInfo).port)
  const url = `http://127.0.0.1:${await line.listen()}/`
  onTestFinished(async () => {
    await line[Symbol.asyncDispose]()
    await hub.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return {
    hub,
    server,
    line,
    url,
    client: (clientOptions = {}) => {
      const client = new Client(url, {
        transports: [webSocket({ WebSocket })],
        minDelayMs: 1,
        maxDelayMs: 50,
        ...clientOptions,
      })
      onTestFinished(() => client[Symbol.asyncDispose]())
      return client
    },
  }
}

/** Resolves with the next event of a kind that fits. */
export function next<Event>(
  source: { on(name: never, listener: (event: never) => void): () => void },
  name: string,
  fits: (event: Event) => boolean = () => true,
): Promise<Event> {
  return new Promise((resolve) => {
    const off = source.on(name as never, (event: Event) => {
      if (!fits(event)) return
      off()
      resolve(event)
    })
  })
}
