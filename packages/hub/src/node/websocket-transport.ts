import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { CloseCode, type NodeWebSocket, Refusal, refuse, type UpgradeRequest, WebSocketServer } from '@wigwag/socket'
import type { Subscription } from '../channel/subscription.ts'
import { ContractError } from '../contract/contract-error.ts'
import type { Departure, Drainable } from '../drain/drainable.ts'
import { HubError } from '../error/hub-error.ts'
import type { Hub } from '../hub.ts'
import { type Position, parsePosition } from '../publication/position.ts'
import { PUBLICATION_SUBPROTOCOL } from '../publication/publication-line.ts'
import { decodeChannelName, matchChannelUrl } from './channel-url.ts'
import { cutReason } from './close-reason.ts'
import { EXPIRED_CLOSE } from './credentials-expired.ts'
import type { ResolvedEndpointOptions } from './endpoint-options.ts'
import type { Expirations } from './expirations.ts'
import { assertAuthorized } from './http-access.ts'
import { refusalOf } from './http-answer.ts'
import { type BareFormat, BareSubscriber, LineSubscriber } from './websocket-subscriber.ts'

const SHUTTING_DOWN = 'The server is shutting down'

/** What a channel's WebSocket asked for. */
interface ChannelSocket {
  readonly channel: string
  readonly after: Position | undefined
  readonly wantsLive: boolean
  readonly format: BareFormat
  /** Until when it may subscribe, in milliseconds since 1970; absent: as long as it is open. */
  readonly expiresAt: number | undefined
  /** Until when it may publish: 0, never. */
  readonly mayPublishUntil: number
  subscription: Subscription | undefined
  /** Forgets when its credentials expire. */
  forget: () => void
  /** Publications of this socket that the broker has not answered yet. */
  unanswered: number
}

/** All WebSockets of an endpoint: each is one channel. What a client sends is published to it. */
export class WebSocketTransport implements Drainable {
  readonly #hub: Hub
  readonly #options: ResolvedEndpointOptions
  readonly #expirations: Expirations
  readonly #server: WebSocketServer<ChannelSocket>
  #isLeaving = false

  constructor(hub: Hub, options: ResolvedEndpointOptions, expirations: Expirations) {
    this.#hub = hub
    this.#options = options
    this.#expirations = expirations
    const { admission, allowOrigins, allowHosts, authorizeTimeoutMs, maxQueuedBytes, pingIntervalMs } = options
    const { perMessageDeflate } = options
    this.#server = new WebSocketServer<ChannelSocket>({
      ...(allowHosts === undefined ? {} : { allowHosts }),
      admission,
      handshakeTimeoutMs: authorizeTimeoutMs,
      allowOrigins,
      maxQueuedBytes,
      highWaterMarkBytes: Math.min(64 * 1024, maxQueuedBytes),
      pingIntervalMs,
      perMessageDeflate,
      maxMessageBytes: hub.maxPublicationBytes,
      subprotocols: [PUBLICATION_SUBPROTOCOL],
      authorize: (request) => this.#authorize(request),
      open: (socket) => this.#open(socket),
      message: (socket, data) => this.#publish(socket, data),
      close: ({ data }) => this.#leave(data),
    })
  }

  /** Sockets that are open, and messages refused because their reader was too slow. */
  get stats(): WebSocketServer['stats'] {
    return this.#server.stats
  }

  /** Answers an upgrade. */
  upgrade(server: Server, incoming: IncomingMessage, socket: Socket, head: Buffer): void {
    this.#server.handleUpgrade(incoming, socket, head, server)
  }

  /** Closes every socket with 1001. */
  close(): Promise<void> {
    return this.#server.close(CloseCode.goingAway)
  }

  /** Takes no more. Each socket leaves with 1001. */
  beginDrain(): Departure[] {
    this.#isLeaving = true
    return [...this.#server.sockets].map((socket) => () => socket.close(CloseCode.goingAway, SHUTTING_DOWN))
  }

  /** Resolves when all are closed. */
  emptied(): Promise<void> {
    return this.close()
  }

  /** Drops those that are not. */
  terminate(): void {
    this.#server.terminate()
  }

  async #authorize({ target, incoming }: UpgradeRequest): Promise<ChannelSocket | Refusal> {
    if (this.#isLeaving) return refuse(503, `${SHUTTING_DOWN}; try again.`, { 'retry-after': '1' })
    try {
      const url = matchChannelUrl(target, true, this.#options.basePath)
      const query = url?.query
      const channel = decodeChannelName(url?.encodedName ?? '')
      const position = query?.get('after') ?? null
      const after = position === null ? undefined : parsePosition(position)
      const format = parseFormat(query?.get('format') ?? 'data')
      const { expiresAt } = await assertAuthorized(this.#options, 'subscribe', channel, incoming)
      const mayPublishUntil = await this.#mayPublishUntil(channel, incoming)
      const wantsLive = query?.get('live') === '1'
      const asked = { channel, after, wantsLive, format, expiresAt, mayPublishUntil }
      return { ...asked, subscription: undefined, forget: () => {}, unanswered: 0 }
    } catch (error) {
      return refusalOf(error)
    }
  }

  async #mayPublishUntil(channel: string, incoming: IncomingMessage): Promise<number> {
    try {
      const { expiresAt } = await assertAuthorized(this.#options, 'publish', channel, incoming)
      return expiresAt ?? Number.POSITIVE_INFINITY
    } catch (error) {
      // A refusal is an answer, and whoever only listens need not hear it; anything else is a fault.
      if (error instanceof Refusal) return 0
      throw error
    }
  }

  #open(socket: NodeWebSocket<ChannelSocket>): void {
    const { channel, after, wantsLive, format, expiresAt } = socket.data
    const subscriber =
      socket.protocol === PUBLICATION_SUBPROTOCOL
        ? new LineSubscriber(socket, wantsLive)
        : new BareSubscriber(socket, format)
    try {
      socket.data.subscription = this.#hub.subscribe(channel, subscriber, after)
      socket.data.forget = this.#expirations.put(expiresAt, () => this.#expire(socket))
    } catch (error) {
      if (!(error instanceof HubError)) throw error
      subscriber.failed(error)
    }
  }

  /** Nothing more is told from now on, however long the closing handshake takes. */
  #expire(socket: NodeWebSocket<ChannelSocket>): void {
    this.#leave(socket.data)
    socket.close(EXPIRED_CLOSE.code, EXPIRED_CLOSE.reason)
  }

  #leave({ channel, subscription, forget }: ChannelSocket): void {
    forget()
    if (subscription !== undefined) this.#hub.unsubscribe(channel, subscription)
  }

  async #publish(socket: NodeWebSocket<ChannelSocket>, data: string | Uint8Array): Promise<void> {
    const { mayPublishUntil } = socket.data
    if (mayPublishUntil !== Number.POSITIVE_INFINITY && mayPublishUntil <= Date.now()) {
      if (mayPublishUntil > 0) this.#expire(socket)
      else socket.close(CloseCode.policyViolation, 'You may not publish to this channel')
      return
    }
    // A broker may take its time; until then nothing more is read than it can be asked to hold.
    if (++socket.data.unanswered === this.#options.maxUnansweredPublications) socket.pause()
    try {
      // History keeps the bytes; the chunk that they are a view of is larger. (Buffer's own `slice` would not copy.)
      await this.#hub.publish(socket.data.channel, typeof data === 'string' ? data : new Uint8Array(data))
    } catch (error) {
      if (!(error instanceof HubError)) throw error
      // Sent again it would not fit either.
      if (error instanceof ContractError) socket.close(CloseCode.policyViolation, cutReason(error.message))
      else socket.close(CloseCode.tryAgainLater, `Not acknowledged: ${error.code}`)
    } finally {
      if (socket.data.unanswered-- === this.#options.maxUnansweredPublications) socket.resume()
    }
  }
}

function parseFormat(format: string): BareFormat {
  if (format === 'data' || format === 'redis') return format
  throw refuse(400, `There is no format ${JSON.stringify(format.slice(0, 40))}: leave it out, or write format=redis.`)
}
