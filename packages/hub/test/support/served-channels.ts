import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Hub } from '@wigwag/hub'
import { ChannelEndpoint, type ChannelEndpointOptions, type CreateHubOptions, createHub } from '@wigwag/hub/node'
import { type ConnectOptions, connectWebSocket, type NodeWebSocket } from '@wigwag/socket'
import { onTestFinished } from 'vitest'
import { Arrivals } from './arrivals.ts'
import { EventStreamReader, type StreamEvent } from './event-stream.ts'

/** A hub whose channels are served on a real HTTP server, on a free port. */
export interface ServedChannels {
  readonly hub: Hub
  readonly endpoint: ChannelEndpoint
  readonly server: Server
  readonly port: number
  /** `http://127.0.0.1:PORT` */
  readonly origin: string
  url(path: string): string
  publish(channel: string, body: string | Uint8Array, contentType?: string): Promise<Response>
}

/** Serves channels until the test is finished. `prepare` may change the server before the endpoint is attached. */
export async function serveChannels(
  options: ChannelEndpointOptions & CreateHubOptions = {},
  prepare: (server: Server) => void = () => {},
): Promise<ServedChannels> {
  const hub = createHub(options)
  const endpoint = new ChannelEndpoint(hub, options)
  const server = createServer()
  prepare(server)
  endpoint.attach(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    const closing = endpoint.close()
    server.closeAllConnections()
    await closing
    await hub.close()
    await new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  const origin = `http://127.0.0.1:${port}`
  return {
    hub,
    endpoint,
    server,
    port,
    origin,
    url: (path) => origin + path,
    publish: (channel, body, contentType) =>
      fetch(`${origin}/channel/${encodeURIComponent(channel)}`, {
        method: 'POST',
        body: typeof body === 'string' ? body : Buffer.from(body),
        headers: contentType === undefined ? {} : { 'content-type': contentType },
      }),
  }
}

/** A WebSocket with everything that came on it. */
export interface TestSocket {
  readonly socket: NodeWebSocket
  readonly messages: (string | Uint8Array)[]
  /** The next message that was not asked for yet. */
  next(): Promise<string | Uint8Array>
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
}

/** Connects a WebSocket, and drops it when the test is finished. */
export async function openSocket(url: string, options: ConnectOptions = {}): Promise<TestSocket> {
  const messages: (string | Uint8Array)[] = []
  const arrivals = new Arrivals()
  let taken = 0
  let close: (outcome: { code: number; reason: string }) => void
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    close = resolve
  })
  const socket = await connectWebSocket(url, {
    ...options,
    message: (_socket, data) => {
      messages.push(typeof data === 'string' ? data : new Uint8Array(data))
      arrivals.tell()
    },
    close: (_socket, outcome) => {
      close({ code: outcome.code, reason: outcome.reason })
      arrivals.tell()
    },
  })
  onTestFinished(() => socket.terminate())
  return {
    socket,
    messages,
    closed,
    async next() {
      await arrivals.until(() => messages.length > taken || socket.phase === 'closed')
      if (messages.length <= taken) throw new Error('The socket was closed before another message came.')
      return messages[taken++] as string | Uint8Array
    },
  }
}

/** An event stream with everything that came on it. */
export interface TestEvents {
  readonly response: Response
  readonly reader: EventStreamReader
  /** What came, but for where recovery ends. */
  readonly events: readonly StreamEvent[]
  /** The next event that was not asked for yet. */
  next(): Promise<StreamEvent>
  /** Resolves when recovery is done. */
  live(): Promise<void>
  readonly ended: Promise<void>
}

/** Opens an event stream, and leaves it when the test is finished. */
export async function openEvents(url: string, headers: Record<string, string> = {}): Promise<TestEvents> {
  const abort = new AbortController()
  onTestFinished(() => abort.abort())
  const response = await fetch(url, { headers: { accept: 'text/event-stream', ...headers }, signal: abort.signal })
  const reader = new EventStreamReader()
  const told = (): StreamEvent[] => reader.events.filter(({ type }) => type !== 'live')
  const arrivals = new Arrivals()
  let taken = 0
  let hasEnded = false
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder()
    for await (const chunk of response.body ?? []) {
      reader.push(decoder.decode(chunk, { stream: true }))
      arrivals.tell()
    }
  }
  const ended = read()
    .catch(() => {})
    .then(() => {
      hasEnded = true
      arrivals.tell()
    })
  return {
    response,
    reader,
    ended,
    get events() {
      return told()
    },
    async next() {
      await arrivals.until(() => told().length > taken || hasEnded)
      const event = told()[taken++]
      if (event === undefined) throw new Error('The event stream ended before another event came.')
      return event
    },
    live: () => arrivals.until(() => reader.comments.some((comment) => comment.startsWith('live')) || hasEnded),
  }
}

/** Resolves when the hub has so many subscriptions: what is published from then on reaches them. */
export async function untilSubscribed(hub: Hub, subscriptions: number): Promise<void> {
  while (hub.stats.subscriptions !== subscriptions) await new Promise((resolve) => setImmediate(resolve))
}
