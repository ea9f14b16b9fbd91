import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { interceptHttp } from '@wigwag/socket'
import { HeaderFields } from '@wigwag/socket/core'
import type { Hub } from '../hub.ts'
import { decodeBody } from '../publication/data-format.ts'
import { parsePosition } from '../publication/position.ts'
import { type ChannelUrl, decodeChannelName, matchChannelUrl } from './channel-url.ts'
import {
  type ChannelEndpointOptions,
  type ResolvedEndpointOptions,
  resolveEndpointOptions,
} from './endpoint-options.ts'
import { assertAuthorized, checkAccess, corsHeaders, preflightHeaders } from './http-access.ts'
import { answerText, refusalOf, untilItsTurn } from './http-answer.ts'
import { decodeUtf8, readBody } from './request-body.ts'
import { SseTransport } from './sse-transport.ts'
import { WebSocketTransport } from './websocket-transport.ts'

const METHODS = 'GET, POST, OPTIONS'

/** What an endpoint counted. */
export interface ChannelEndpointStats {
  readonly webSocket: WebSocketTransport['stats']
  readonly sse: SseTransport['stats']
}

/**
 * Serves a hub's channels on an HTTP server, each under `/channel/NAME`: `POST` publishes, a WebSocket and
 * `Accept: text/event-stream` subscribe. `/ws?channel=NAME` is an alias of the WebSocket. PROTOCOL.md has all of it.
 */
export class ChannelEndpoint {
  readonly #hub: Hub
  readonly #options: ResolvedEndpointOptions
  readonly #sse: SseTransport
  readonly #webSocket: WebSocketTransport
  readonly #detach = new Set<() => void>()

  /** Throws `HubError` `ERR_OPTION` for an option out of range. */
  constructor(hub: Hub, options: ChannelEndpointOptions = {}) {
    this.#hub = hub
    this.#options = resolveEndpointOptions(options)
    this.#sse = new SseTransport(hub, this.#options)
    this.#webSocket = new WebSocketTransport(hub, this.#options)
  }

  /** What happened so far. */
  get stats(): ChannelEndpointStats {
    return { webSocket: this.#webSocket.stats, sse: this.#sse.stats }
  }

  /** Answers the channels' requests of an `http` or `https` server, before its other listeners see them. Returns the function that undoes it. */
  attach(server: Server): () => void {
    const undo = interceptHttp(server, {
      request: (incoming, response) => {
        const url = matchChannelUrl(incoming.url ?? '', false)
        if (url === undefined) return false
        this.#answer(server, url, incoming, response)
        return true
      },
      upgrade: (incoming, socket, head) => {
        if (matchChannelUrl(incoming.url ?? '', true) === undefined) return false
        this.#webSocket.upgrade(server, incoming, socket, head)
        return true
      },
    })
    const detach = (): void => {
      undo()
      this.#detach.delete(detach)
    }
    this.#detach.add(detach)
    return detach
  }

  /** Closes every WebSocket with 1001 and ends every event stream; resolves when all are closed. */
  async close(): Promise<void> {
    await Promise.all([this.#sse.close(), this.#webSocket.close()])
    for (const detach of [...this.#detach]) detach()
  }

  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #answer(server: Server, url: ChannelUrl, incoming: IncomingMessage, response: ServerResponse): void {
    this.#serve(server, url, incoming, response).catch((error: unknown) => {
      // The client left; there is nobody to answer, and nothing failed. An answer that waits for its turn is not told.
      if (response.destroyed || error === incoming.errored) return
      const { status, message, headers } = refusalOf(error)
      if (response.headersSent) response.destroy()
      // The rest of a body that was refused must not be taken for the next request.
      else answerText(response, status, message, { ...headers, ...(incoming.complete ? {} : { connection: 'close' }) })
    })
  }

  async #serve(server: Server, url: ChannelUrl, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = checkAccess(server, incoming, this.#options)
    if (refusal !== undefined) throw refusal
    const cors = corsHeaders(incoming, this.#options)
    for (const [name, value] of Object.entries(cors)) response.setHeader(name, value)
    const channel = decodeChannelName(url.encodedName)
    const headers = new HeaderFields(incoming.rawHeaders)
    switch (incoming.method) {
      case 'POST':
        return this.#publish(channel, incoming, response)
      case 'OPTIONS':
        response.writeHead(204, { allow: METHODS, ...preflightHeaders() }).end()
        return
      case 'GET':
        if (wantsEventStream(headers)) return this.#subscribe(channel, url, incoming, response)
        answerText(
          response,
          406,
          'A channel is read as an event stream (Accept: text/event-stream) or over a WebSocket on the same URL, and published to with POST.',
        )
        return
      default:
        answerText(response, 405, `A channel takes ${METHODS}, not ${incoming.method}.`, { allow: METHODS })
    }
  }

  async #publish(channel: string, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    await assertAuthorized(this.#options, 'publish', channel, incoming)
    const body = await readBody(incoming, this.#hub.maxPublicationBytes)
    const data = decodeBody(body, incoming.headers['content-type'], decodeUtf8)
    const { position, time } = await this.#hub.publish(channel, data)
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    response.end(`${JSON.stringify({ channel, offset: position?.offset, epoch: position?.epoch, time })}\n`)
  }

  async #subscribe(
    channel: string,
    url: ChannelUrl,
    incoming: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    // A client that reconnects by itself sends the header, but still the URL that it began with.
    const position = incoming.headers['last-event-id'] ?? url.query.get('after') ?? ''
    const after = position === '' ? undefined : parsePosition(String(position))
    await assertAuthorized(this.#options, 'subscribe', channel, incoming)
    await untilItsTurn(response)
    if (!response.destroyed) this.#sse.open(response, channel, after)
  }
}

function wantsEventStream(headers: HeaderFields): boolean {
  return headers.list('accept').some((range) => range.split(';', 1)[0]?.trim().toLowerCase() === 'text/event-stream')
}
