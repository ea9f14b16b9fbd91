import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { type Disconnect, DisconnectCode, encodeCloseReason } from '@wigwag/protocol'
import {
  CloseCode,
  type NodeWebSocket,
  PreparedMessage,
  type Refusal,
  type UpgradeRequest,
  WebSocketServer,
} from '@wigwag/socket'
import type { Drainable } from '../drain/drainable.ts'
import type { Hub } from '../hub.ts'
import type { Credentials, Refused } from '../session/credentials.ts'
import type { EncodedPacket } from '../session/encoded-packet.ts'
import type { Session } from '../session/session.ts'
import type { SessionRequest, SessionTransport } from '../session/session-transport.ts'
import { cutReason } from './close-reason.ts'
import type { ResolvedEndpointOptions } from './endpoint-options.ts'
import { refusalOf } from './http-answer.ts'
import { admitSession, BAD_TICKET } from './session-admission.ts'
import type { Tickets } from './tickets.ts'

/** What belongs to a socket: how its client came, and then its session. */
interface SessionSocket {
  request: SessionRequest | undefined
  session: Session | undefined
}

/** All sessions of an endpoint that come over a WebSocket. */
export class SessionWebSockets implements Drainable {
  readonly #hub: Hub
  readonly #tickets: Tickets | undefined
  readonly #server: WebSocketServer<SessionSocket>

  constructor(hub: Hub, options: ResolvedEndpointOptions) {
    this.#hub = hub
    this.#tickets = options.tickets
    const { admission, allowOrigins, allowHosts, authorizeTimeoutMs, perMessageDeflate } = options
    const { outbox, options: sessions } = hub.sessions.context
    this.#server = new WebSocketServer<SessionSocket>({
      ...(allowHosts === undefined ? {} : { allowHosts }),
      admission,
      handshakeTimeoutMs: authorizeTimeoutMs,
      allowOrigins,
      perMessageDeflate,
      // What waits is in the session's outbox, which has limits of its own; beyond its mark it gives one packet.
      highWaterMarkBytes: outbox.highWaterMarkBytes,
      maxQueuedBytes: Number.MAX_SAFE_INTEGER,
      // Sessions are pinged by the protocol.
      pingIntervalMs: sessions.pingIntervalMs === 0 ? options.pingIntervalMs : 0,
      maxMessageBytes: sessions.maxMessageBytes,
      authorize: (request) => this.#admit(request),
      open: (socket) => this.#open(socket),
      message: ({ data: { session } }, data) => {
        if (typeof data === 'string') session?.receive(data)
        else
          session?.disconnect({
            code: DisconnectCode.inappropriateProtocol,
            reason: 'only JSON is spoken here, as text',
          })
      },
      drain: ({ data }) => data.session?.drained(),
      close: ({ data }) => data.session?.closed(),
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

  /** Ends every session with 3001: their clients come back. */
  close(): Promise<void> {
    for (const { data } of this.#server.sockets) {
      data.session?.disconnect({ code: DisconnectCode.shutdown, reason: 'shutdown' })
    }
    return this.#server.close(CloseCode.goingAway)
  }

  /** The sessions are told by the hub. */
  beginDrain(): never[] {
    return []
  }

  /** Resolves when the sessions have ended and their sockets are closed. */
  async emptied(): Promise<void> {
    await this.#hub.sessions.emptied()
    await this.#server.close(CloseCode.goingAway)
  }

  /** Drops what has not closed, behind what this turn has still to write. */
  terminate(): void {
    setImmediate(() => this.#server.terminate())
  }

  #admit(upgrade: UpgradeRequest): SessionSocket | Refusal | Promise<SessionSocket | Refusal> {
    const full = admitSession(this.#hub)
    if (full !== undefined) return full
    const tickets = this.#tickets
    if (tickets === undefined || !upgrade.query.has('ticket')) return socketFor(upgrade, undefined)
    return tickets
      .redeem(upgrade.incoming)
      .then((credentials) => socketFor(upgrade, credentials ?? BAD_TICKET), refusalOf)
  }

  #open(socket: NodeWebSocket<SessionSocket>): void {
    const { request } = socket.data
    socket.data.request = undefined
    socket.data.session = this.#hub.sessions.open(new WebSocketSessionTransport(socket), request)
  }
}

function socketFor(upgrade: UpgradeRequest, credentials: Credentials | Refused | undefined): SessionSocket {
  const { headers, remoteAddress } = upgrade
  const request: SessionRequest = {
    remoteAddress,
    header: (name) => headers.get(name),
    query: (name) => upgrade.query.get(name) ?? undefined,
    ...(credentials && { credentials }),
  }
  return { request, session: undefined }
}

/** A session's packets on a WebSocket, each a message. */
class WebSocketSessionTransport implements SessionTransport {
  readonly name = 'websocket'
  readonly #socket: NodeWebSocket<unknown>

  constructor(socket: NodeWebSocket<unknown>) {
    this.#socket = socket
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount
  }

  send(packet: EncodedPacket | string): void {
    this.#socket.send(packet instanceof PreparedMessage || typeof packet === 'string' ? packet : packet.data)
  }

  close(disconnect: Disconnect): void {
    const { code, reason } = disconnect
    const encoded = encodeCloseReason(disconnect)
    // Half of an object is none.
    this.#socket.close(code, cutReason(encoded) === encoded ? encoded : cutReason(reason))
  }
}
