import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { type AdmissionStats, answerText, interceptHttp, refuse } from '@wigwag/socket'
import { HeaderFields } from '@wigwag/socket/core'
import type { Drainable } from '../drain/drainable.ts'
import type { Hub } from '../hub.ts'
import { decodeBody } from '../publication/data-format.ts'
import { ServerApi } from './api/server-api.ts'
import { type ChannelUrl, decodeChannelName, matchChannelUrl } from './channel-url.ts'
import {
  type ChannelEndpointOptions,
  type ResolvedEndpointOptions,
  resolveEndpointOptions,
} from './endpoint-options.ts'
import { Expirations } from './expirations.ts'
import { assertAuthorized, checkAccess, corsHeaders, isPreflight, PREFLIGHT_HEADERS } from './http-access.ts'
import { answerError, untilItsTurn } from './http-answer.ts'
import { authorizeByNamespace } from './namespace-authorization.ts'
import { ndjsonFormat } from './ndjson-format.ts'
import { parsePollRequest } from './poll-request.ts'
import { type PollStats, PollTransport } from './poll-transport.ts'
import { decodeUtf8, readBody } from './request-body.ts'
import { lookAtSessionAdmission } from './session-admission.ts'
import { SessionRequests } from './session-requests.ts'
import { matchSessionUrl, type SessionDoorName } from './session-url.ts'
import { SessionWebSockets } from './session-websockets.ts'
import { sseFormat } from './sse-format.ts'
import { chooseStream, type StreamKind } from './stream-choice.ts'
import { parseStreamStart } from './stream-request.ts'
import { StreamTransport } from './stream-transport.ts'
import { TicketEndpoint } from './ticket-endpoint.ts'
import { WebSocketTransport } from './websocket-transport.ts'

/** What comes of a handshake whose Upgrade or Connection a proxy kept for itself: they are meant for the next hop only. */
const LOST_UPGRADE =
  'This is a WebSocket handshake without "Upgrade: websocket" or without "Connection: upgrade": a proxy did not pass them ' +
  'on. In nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";'

const ONLY_WEBSOCKET =
  'Here sessions come in over a WebSocket: connect with ws:// or wss://, or to /connection/http_stream or /connection/sse.'

/** Where requests belong to sessions, which are counted as long as they last. */
const BESIDE: ReadonlySet<SessionDoorName> = new Set(['emulation', 'long_poll'])

const METHODS = 'GET, HEAD, POST, OPTIONS'

/** What an endpoint counted. */
export interface ChannelEndpointStats {
  readonly webSocket: WebSocketTransport['stats']
  readonly sse: StreamTransport['stats']
  readonly ndjson: StreamTransport['stats']
  readonly poll: PollStats
  /** WebSockets of sessions. */
  readonly sessions: SessionWebSockets['stats'] | undefined
  /** Sessions over plain requests. */
  readonly sessionRequests: SessionRequests['stats'] | undefined
  readonly admission: AdmissionStats
}

/**
 * Serves a hub's channels on an HTTP server, each under `/channel/NAME`: `POST` publishes, a WebSocket and
 * `Accept: text/event-stream` or `application/x-ndjson` subscribe, any other `GET` polls. `/ws?channel=NAME` is an alias
 * of the WebSocket. Sessions come in at `/connection/websocket` and, over plain HTTP, beside it: not where `authorize` is
 * given and the hub has neither `authenticate` nor `namespaces`.
 * PROTOCOL.md has all of it.
 */
export class ChannelEndpoint {
  readonly #hub: Hub
  readonly #options: ResolvedEndpointOptions
  readonly #streams: Readonly<Record<StreamKind, StreamTransport>>
  readonly #poll: PollTransport
  readonly #webSocket: WebSocketTransport
  readonly #sessions: SessionWebSockets | undefined
  readonly #sessionRequests: SessionRequests | undefined
  readonly #undoDrain: readonly (() => void)[]
  readonly #api: ServerApi | undefined
  readonly #ticketEndpoint: TicketEndpoint | undefined
  readonly #detach = new Set<() => void>()

  /** Throws `HubError` or, for the doors and for compression, `UsageError`, both with `ERR_OPTION`, for an option out of range. */
  constructor(hub: Hub, options: ChannelEndpointOptions = {}) {
    this.#hub = hub
    const decides = hub.hasSessions && hub.decidesOnSessions
    const authorize = options.authorize ?? (decides ? authorizeByNamespace(hub, options.tickets) : undefined)
    this.#options = resolveEndpointOptions({ ...options, ...(authorize && { authorize }) })
    const expirations = new Expirations()
    this.#streams = {
      sse: new StreamTransport(hub, this.#options, sseFormat, expirations),
      ndjson: new StreamTransport(hub, this.#options, ndjsonFormat, expirations),
    }
    this.#poll = new PollTransport(hub, this.#options, expirations)
    this.#webSocket = new WebSocketTransport(hub, this.#options, expirations)
    // Where the application decides on requests alone, nobody would decide on what sessions do.
    if (decides || (hub.hasSessions && options.authorize === undefined)) {
      this.#sessions = new SessionWebSockets(hub, this.#options)
      this.#sessionRequests = new SessionRequests(hub, this.#options)
    }
    const drained = [...this.#transports, ...(this.#sessionRequests?.drainables ?? [])]
    this.#undoDrain = drained.map((part) => hub.onDrain(part))
    const { api, tickets } = this.#options
    this.#api = api && new ServerApi(hub, api, this.#options)
    // Where nobody says who is who, or only on requests for channels, there is nobody to give a ticket to.
    if (tickets !== undefined && hub.hasSessions && hub.sessions.context.authenticator !== undefined) {
      this.#ticketEndpoint = new TicketEndpoint(hub, tickets, this.#options)
    }
  }

  /** What happened so far. */
  get stats(): ChannelEndpointStats {
    const { admission } = this.#options
    const { sse, ndjson } = this.#streams
    return {
      webSocket: this.#webSocket.stats,
      sessions: this.#sessions?.stats,
      sessionRequests: this.#sessionRequests?.stats,
      sse: sse.stats,
      ndjson: ndjson.stats,
      poll: this.#poll.stats,
      admission: admission.stats,
    }
  }

  /** Answers the channels' requests of an `http` or `https` server, before its other listeners see them. Returns the function that undoes it. */
  attach(server: Server): () => void {
    const { basePath } = this.#options
    const undo = interceptHttp(server, {
      request: (incoming, response) => {
        const target = incoming.url ?? ''
        const failed = (error: unknown): void => answerError(response, error)
        if (this.#api?.matches(target) === true) {
          this.#api.answer(server, incoming, response).catch(failed)
          return true
        }
        if (this.#ticketEndpoint?.matches(target) === true) {
          this.#serveTicket(server, this.#ticketEndpoint, incoming, response).catch(failed)
          return true
        }
        const door = this.#sessionDoorOf(incoming)
        if (door !== undefined) {
          this.#serveSession(server, door, incoming, response).catch(failed)
          return true
        }
        const url = matchChannelUrl(target, false, basePath)
        if (url === undefined) return false
        this.#serve(server, url, incoming, response).catch(failed)
        return true
      },
      upgrade: (incoming, socket, head) => {
        if (this.#sessionDoorOf(incoming) === 'websocket') {
          this.#sessions?.upgrade(server, incoming, socket, head)
          return true
        }
        if (matchChannelUrl(incoming.url ?? '', true, basePath) === undefined) return false
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

  /** Closes every WebSocket with 1001, ends every stream and answers every poll; resolves when all are closed. */
  async close(): Promise<void> {
    await Promise.all([...this.#transports.map((part) => part.close()), this.#sessionRequests?.close()])
    for (const undo of [...this.#undoDrain, ...this.#detach]) undo()
  }

  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  get #transports(): readonly (Drainable & { close(): Promise<void> })[] {
    const { sse, ndjson } = this.#streams
    return [sse, ndjson, this.#poll, this.#webSocket, ...(this.#sessions ? [this.#sessions] : [])]
  }

  #sessionDoorOf({ url = '' }: IncomingMessage): SessionDoorName | undefined {
    return this.#sessions === undefined ? undefined : matchSessionUrl(url, this.#options.basePath)
  }

  /** The doors. Throws the refusal; returns false for what is answered by that. */
  #admit(
    server: Server,
    incoming: IncomingMessage,
    response: ServerResponse,
    counted: 'connections' | 'beside' = 'connections',
  ): boolean {
    // The connection would carry the next request to a server that goes away.
    if (this.#hub.isLeaving) response.setHeader('connection', 'close')
    // First, so that a page of an allowed origin can read why it is refused.
    const cors = corsHeaders(incoming, this.#options)
    for (const [name, value] of Object.entries(cors)) response.setHeader(name, value)
    const { admission } = this.#options
    const refusal = admission.admitRequest(incoming, response, counted) ?? checkAccess(server, incoming, this.#options)
    if (refusal !== undefined) throw refusal
    if (!isPreflight(incoming)) return true
    response.writeHead(204, PREFLIGHT_HEADERS).end()
    return false
  }

  async #serveSession(
    server: Server,
    door: SessionDoorName,
    incoming: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    if (!this.#admit(server, incoming, response, BESIDE.has(door) ? 'beside' : 'connections')) return
    if (door === 'websocket') this.#explain(incoming, response)
    else await this.#sessionRequests?.serve(door, incoming, response)
  }

  /**
   * Browsers do not tell a page why its WebSocket was refused. It may ask by a plain request, which hears what the upgrade would have
   * heard, and 426 where that would have been let in.
   */
  #explain(incoming: IncomingMessage, response: ServerResponse): void {
    const isLost = incoming.headers['sec-websocket-key'] !== undefined
    const full = isLost ? undefined : lookAtSessionAdmission(this.#hub)
    if (full !== undefined) throw full
    answerText(response, 426, isLost ? LOST_UPGRADE : ONLY_WEBSOCKET, { upgrade: 'websocket', connection: 'close' })
  }

  async #serveTicket(
    server: Server,
    tickets: TicketEndpoint,
    incoming: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    if (this.#admit(server, incoming, response)) await tickets.serve(incoming, response)
  }

  async #serve(server: Server, url: ChannelUrl, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.#admit(server, incoming, response)) return
    const channel = decodeChannelName(url.encodedName)
    const headers = new HeaderFields(incoming.rawHeaders)
    switch (incoming.method) {
      case 'POST':
        return this.#publish(channel, incoming, response)
      case 'OPTIONS':
        response.writeHead(204, { allow: METHODS }).end()
        return
      case 'GET':
      case 'HEAD':
        // A handshake is a GET (RFC 6455 §4.1).
        if (incoming.method === 'GET' && headers.get('sec-websocket-key') !== undefined) {
          throw refuse(426, LOST_UPGRADE, { upgrade: 'websocket' })
        }
        return this.#read(channel, url, headers, incoming, response)
      default:
        answerText(response, 405, `A channel takes ${METHODS}, not ${incoming.method}.`, { allow: METHODS })
    }
  }

  async #publish(channel: string, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    await assertAuthorized(this.#options, 'publish', channel, incoming)
    const body = await readBody(incoming, this.#hub.maxPublicationBytes, this.#options.bodyTimeoutMs)
    const data = decodeBody(body, incoming.headers['content-type'], decodeUtf8)
    const idempotencyKey = incoming.headers['idempotency-key']
    const { position, time, degraded } = await this.#hub.publish(
      channel,
      data,
      idempotencyKey === undefined ? {} : { idempotencyKey: String(idempotencyKey) },
    )
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    response.end(`${JSON.stringify({ channel, offset: position?.offset, epoch: position?.epoch, time, degraded })}\n`)
  }

  async #read(
    channel: string,
    url: ChannelUrl,
    headers: HeaderFields,
    incoming: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const kind = chooseStream(headers)
    return kind === undefined
      ? this.#answerPoll(channel, url, headers, incoming, response)
      : this.#subscribe(kind, channel, url, headers, incoming, response)
  }

  async #answerPoll(
    channel: string,
    url: ChannelUrl,
    headers: HeaderFields,
    incoming: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    // Whoever asks for the head alone asks how things stand now.
    const maxWaitMs = incoming.method === 'HEAD' ? 0 : this.#options.maxPollWaitMs
    const poll = parsePollRequest(url.query, headers, maxWaitMs)
    const { expiresAt } = await assertAuthorized(this.#options, 'subscribe', channel, incoming)
    // Answers that wait for their turn would be kept, as many as a client asks for and as large as polls may be.
    await untilItsTurn(response)
    if (!response.destroyed) await this.#poll.answer(response, channel, poll, expiresAt)
  }

  async #subscribe(
    kind: StreamKind,
    channel: string,
    { query }: ChannelUrl,
    headers: HeaderFields,
    incoming: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const after = parseStreamStart(query, headers)
    const { expiresAt } = await assertAuthorized(this.#options, 'subscribe', channel, incoming)
    await untilItsTurn(response)
    if (response.destroyed) return
    if (incoming.method === 'HEAD') this.#streams[kind].answerHead(response)
    else this.#streams[kind].open(response, channel, after, expiresAt)
  }
}
