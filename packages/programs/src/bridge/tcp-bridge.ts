import { type AddressInfo, createServer, type ListenOptions, type Server, type Socket } from 'node:net'
import { CloseCode, type CloseOutcome, connectWebSocket, type NodeWebSocket } from '@wigwag/socket'
import { ProgramsError } from '../programs-error.ts'
import { formatTarget } from './bridge-target.ts'
import { Joint } from './joint.ts'
import { type ResolvedTcpBridgeOptions, resolveTcpBridgeOptions, type TcpBridgeOptions } from './tcp-bridge-options.ts'

/** One connection: its WebSocket is being connected, or open. */
interface Passage {
  readonly joint: Joint
  readonly client: string
  readonly giveUp: AbortController
  webSocket: NodeWebSocket<unknown> | undefined
}

/**
 * Takes TCP connections in, or those of a unix socket, and gives each a WebSocket: programs that know of no WebSocket speak
 * through it. Nothing is read from one before its WebSocket is open; when it cannot be opened the connection is reset.
 */
export class TcpBridge {
  readonly #options: ResolvedTcpBridgeOptions
  readonly #server: Server
  readonly #passages = new Set<Passage>()

  /** Throws `ProgramsError` `ERR_PROGRAM_OPTION` for an option out of range. */
  constructor(options: TcpBridgeOptions) {
    this.#options = resolveTcpBridgeOptions(options)
    const streams = { allowHalfOpen: true, pauseOnConnect: true, noDelay: true }
    this.#server = createServer(streams, (stream) => void this.#connect(stream))
    this.#server.maxConnections = this.#options.maxConnections
  }

  /** Connections open now, and those whose WebSocket is being connected. */
  get connections(): number {
    return this.#passages.size
  }

  /** Listens, by default on 127.0.0.1 and a free port; resolves with where: `HOST:PORT` or `unix:/path`. Rejects with `ProgramsError` `ERR_BRIDGE_LISTEN`. */
  async listen(options: ListenOptions = {}): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      const failed = (error: Error): void =>
        reject(new ProgramsError('ERR_BRIDGE_LISTEN', `Cannot listen: ${error.message}.`, { cause: error }))
      this.#server.once('error', failed)
      this.#server.listen(options.path === undefined ? { host: '127.0.0.1', port: 0, ...options } : options, () => {
        this.#server.off('error', failed).on('error', (error) => console.error('The bridge failed:', error))
        resolve()
      })
    })
    const at = this.#server.address() as AddressInfo | string
    if (typeof at === 'string') return formatTarget({ kind: 'unix', path: at })
    return formatTarget({ kind: 'tcp', host: at.address, port: at.port })
  }

  /** Takes no more, and closes every WebSocket with 1001: its connection is reset. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
    })
    for (const { giveUp, webSocket } of this.#passages) {
      giveUp.abort()
      webSocket?.close(CloseCode.goingAway, 'The bridge is shutting down')
    }
    await closed
  }

  async #connect(stream: Socket): Promise<void> {
    const { to, connecting, joint: jointOptions, onEvent } = this.#options
    const joint = new Joint(stream, jointOptions)
    const client = stream.remoteAddress ?? ''
    const passage: Passage = { joint, client, giveUp: new AbortController(), webSocket: undefined }
    this.#passages.add(passage)
    try {
      await connectWebSocket(to, {
        ...connecting,
        textAs: 'bytes',
        bytesAs: 'owned', // the stream keeps them until they are written
        signal: passage.giveUp.signal,
        open: (webSocket) => this.#open(passage, webSocket),
        message: (_, data) => joint.message(data as Uint8Array),
        drain: () => joint.drained(),
        close: (_, outcome) => this.#closed(passage, outcome),
      })
    } catch (error) {
      this.#passages.delete(passage)
      joint.abandonUnlessOpen()
      onEvent({ type: 'refused', client, why: error instanceof Error ? error.message : String(error) })
    }
  }

  #open(passage: Passage, webSocket: NodeWebSocket): void {
    const { joint, client } = passage
    passage.webSocket = webSocket
    joint.open(webSocket)
    this.#options.onEvent({ type: 'opened', client, target: this.#options.to })
  }

  #closed(passage: Passage, outcome: CloseOutcome): void {
    const { joint, client } = passage
    this.#passages.delete(passage)
    joint.closed(outcome)
    this.#options.onEvent({
      type: 'closed',
      client,
      target: this.#options.to,
      toTargetBytes: joint.fromStreamBytes,
      fromTargetBytes: joint.toStreamBytes,
      code: outcome.code,
    })
  }
}
