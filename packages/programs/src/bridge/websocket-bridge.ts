import type { Server } from 'node:http'
import type { AddressInfo, ListenOptions } from 'node:net'
import {
  type CloseOutcome,
  type NodeWebSocket,
  type Refusal,
  refuse,
  type UpgradeRequest,
  WebSocketServer,
  type WebSocketServerStats,
} from '@wigwag/socket'
import { CHALLENGE } from '../access/credentials.ts'
import { offeredCredential } from '../access/offered-credential.ts'
import { ProgramsError } from '../programs-error.ts'
import { type BridgeTarget, formatTarget, parseTarget } from './bridge-target.ts'
import { Joint } from './joint.ts'
import { openTarget } from './open-target.ts'
import {
  type ResolvedWebSocketBridgeOptions,
  resolveWebSocketBridgeOptions,
  type WebSocketBridgeOptions,
} from './websocket-bridge-options.ts'

/** What belongs to one WebSocket. */
interface Passage {
  readonly joint: Joint
  readonly target: string
  readonly client: string
}

/**
 * Takes WebSockets in and connects each with a TCP port or a unix socket, as websockify does. The target is connected before
 * the upgrade is answered: a client whose target is away hears so, with 502, and gets no socket that closes at once.
 */
export class WebSocketBridge {
  readonly #options: ResolvedWebSocketBridgeOptions
  readonly #server: WebSocketServer<Passage>

  /** Throws `ProgramsError` `ERR_PROGRAM_OPTION` or `UsageError` `ERR_OPTION` for an option out of range. */
  constructor(options: WebSocketBridgeOptions) {
    this.#options = resolveWebSocketBridgeOptions(options)
    this.#server = new WebSocketServer<Passage>({
      ...options,
      subprotocols: this.#options.subprotocols,
      textAs: 'bytes',
      bytesAs: 'owned', // the stream keeps them until they are written
      authorize: (request) => this.#authorize(request),
      open: (socket) => this.#open(socket),
      message: (socket, data) => socket.data.joint.message(data as Uint8Array),
      drain: (socket) => socket.data.joint.drained(),
      close: (socket, outcome) => this.#closed(socket, outcome),
    })
  }

  /** What happened so far. */
  get stats(): WebSocketServerStats {
    return this.#server.stats
  }

  /** Answers the upgrades of an HTTP server; returns the function that detaches it. See `WebSocketServer.attach`. */
  attach(server: Server): () => void {
    return this.#server.attach(server)
  }

  /** Listens on a server of its own. See `WebSocketServer.listen`. */
  listen(options?: ListenOptions): Promise<AddressInfo> {
    return this.#server.listen(options)
  }

  /** Lets nobody new in and closes every connection with 1001. */
  close(): Promise<void> {
    return this.#server.close()
  }

  async #authorize(request: UpgradeRequest): Promise<Passage | Refusal> {
    const { credentials, connectTimeoutMs, joint } = this.#options
    const shown = offeredCredential(request.headers.get('authorization'), request.subprotocols)
    if (credentials !== undefined && credentials.check(shown) === undefined) {
      return this.#refuse(request, 401, 'This bridge asks for a name and a password.', CHALLENGE)
    }
    const target = this.#targetOf(request)
    if (target === undefined) return this.#refuse(request, 403, whyNoTarget(this.#options, request))
    try {
      const { stream, reader } = await openTarget(target, connectTimeoutMs, request.signal)
      const passage = {
        joint: new Joint(stream, joint, reader),
        target: formatTarget(target),
        client: request.remoteAddress,
      }
      // A client may leave, or we may stop, between the answer of its target and our own: then nobody opens it.
      setImmediate(() => passage.joint.abandonUnlessOpen())
      return passage
    } catch (error) {
      if (request.signal.aborted) return refuse(503, 'It took too long.')
      const { code, message } = error as ProgramsError
      // What is where behind the bridge is its owner's business: a client hears that it cannot be reached.
      const status = error instanceof ProgramsError && code === 'ERR_BRIDGE_TIMEOUT' ? 504 : 502
      this.#options.onEvent({ type: 'refused', client: request.remoteAddress, why: message })
      return refuse(status, 'The target cannot be reached (the log of the bridge says why).')
    }
  }

  #refuse(request: UpgradeRequest, status: number, why: string, headers?: Readonly<Record<string, string>>): Refusal {
    this.#options.onEvent({ type: 'refused', client: request.remoteAddress, why })
    return refuse(status, why, headers)
  }

  #targetOf(request: UpgradeRequest): BridgeTarget | undefined {
    const named = request.query.getAll('target')
    if (named.length === 0) return this.#options.to
    const target = named.length > 1 ? undefined : parseTarget(named[0] as string)
    return target && this.#options.allowed.get(formatTarget(target))
  }

  #open(socket: NodeWebSocket<Passage>): void {
    const { joint, client, target } = socket.data
    joint.open(socket as NodeWebSocket<unknown>)
    this.#options.onEvent({ type: 'opened', client, target })
  }

  #closed(socket: NodeWebSocket<Passage>, outcome: CloseOutcome): void {
    const { joint, client, target } = socket.data
    joint.closed(outcome)
    const { toStreamBytes, fromStreamBytes } = joint
    this.#options.onEvent({
      type: 'closed',
      client,
      target,
      toTargetBytes: toStreamBytes,
      fromTargetBytes: fromStreamBytes,
      code: outcome.code,
    })
  }
}

function whyNoTarget({ to }: ResolvedWebSocketBridgeOptions, request: UpgradeRequest): string {
  if (request.query.has('target')) return 'This target is not allowed here.'
  return to === undefined ? 'Name a target: ?target=HOST:PORT.' : 'There is no target.'
}
