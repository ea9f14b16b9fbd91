import type { Server } from 'node:http'
import type { Subscription } from '@wigwag/hub'
import { ChannelEndpoint, createHub, type NodeHub } from '@wigwag/hub/node'
import { CloseCode, type CloseInfo, type NodeWebSocket, WebSocketServer } from '@wigwag/socket'
import { checkAccess } from '../exec/check-access.ts'
import { exitClose } from '../exec/exit-close.ts'
import { logLines } from '../exec/log-lines.ts'
import { ProgramOutput } from '../exec/program-output.ts'
import { ProcessTable } from '../process/process-table.ts'
import type { RunningProgram } from '../process/running-program.ts'
import { ColumnHeader, type HeaderLine } from './column-header.ts'
import { OutputSubscriber } from './output-subscriber.ts'
import { type ResolvedSharedOptions, resolveSharedOptions, type SharedOptions } from './shared-options.ts'
import { Supervisor } from './supervisor.ts'

/** How long output is kept for who comes later. */
const HISTORY_TTL_MS = 24 * 3_600_000
/** From how many queued bytes on a reader counts as backed up. */
const HIGH_WATER_MARK_BYTES = 256 * 1024
/** How often one looks whether somebody reads the channel while the program waits, in milliseconds: nobody tells. */
const LOOK_MS = 100

/** A reader of the output. */
interface Reader {
  subscription: Subscription | undefined
}

/**
 * One program for all: every WebSocket is sent what it writes, the last of it first. Its output is published to a channel of a
 * hub, so it can be had at `/channel/NAME` in every other way as well. The program waits when all WebSockets are backed up and
 * nobody reads the channel otherwise; one that is slower than the others is closed with 1013.
 */
export class SharedEndpoint {
  readonly #options: ResolvedSharedOptions
  readonly #table: ProcessTable = new ProcessTable(1)
  readonly #hub: NodeHub
  readonly #channels: ChannelEndpoint
  readonly #server: WebSocketServer<Reader>
  readonly #supervisor: Supervisor
  readonly #backedUp = new Set<NodeWebSocket<Reader>>()
  readonly #waitingForInput = new Set<NodeWebSocket<Reader>>()
  #output: ProgramOutput | undefined
  #lookTimer: NodeJS.Timeout | undefined
  readonly #header: ColumnHeader | undefined
  /** Set once the program has ended for good. */
  #over: CloseInfo | undefined

  /** Throws `ProgramsError` `ERR_PROGRAM_OPTION`, or `UsageError` or `HubError` `ERR_OPTION`, for an option out of range. */
  constructor(options: SharedOptions) {
    this.#options = resolveSharedOptions(options)
    const { historySize, channel, maxLineBytes, command, cwd, passed, rememberHeader } = this.#options
    if (rememberHeader) this.#header = new ColumnHeader()
    this.#hub = createHub({
      history: { size: historySize, ttlMs: HISTORY_TTL_MS },
      maxPublicationBytes: Math.max(maxLineBytes, 64 * 1024),
    }) as NodeHub
    this.#hub.assertServable(channel)
    this.#channels = this.#createChannels()
    this.#server = this.#createServer()
    const [program = '', ...args] = command
    this.#supervisor = new Supervisor({ command: program, args, cwd, env: { ...passed } }, this.#table, this.#options, {
      started: (started) => this.#started(started),
      ended: (end, restartInMs) => {
        this.#options.onEvent({ type: 'ended', pid: this.#pid, end })
        if (restartInMs === undefined) this.#finish(exitClose(end))
      },
      failed: (error) => this.#options.onEvent({ type: 'refused', target: '/', status: 500, why: error.message }),
    })
  }

  /** Programs that run, and WebSockets that are open. */
  get stats(): { readonly processes: number; readonly webSocket: WebSocketServer['stats'] } {
    return { processes: this.#table.size, webSocket: this.#server.stats }
  }

  /** How the program ended, once it has for good. */
  get ended(): CloseInfo | undefined {
    return this.#over
  }

  /** The last line that named columns, if there was one and `rememberHeader` is on. */
  get columnHeader(): HeaderLine | undefined {
    return this.#header?.current
  }

  /** Starts the program. Rejects with `ProgramsError` `ERR_PROGRAM_START` when it cannot be started. */
  start(): Promise<void> {
    return this.#supervisor.start()
  }

  /** Answers the upgrades of an HTTP server, and its requests for the channel. Returns the function that undoes it. */
  attach(server: Server): () => void {
    const undo = [this.#channels.attach(server), this.#server.attach(server)]
    return () => {
      for (const detach of undo) detach()
    }
  }

  /** Closes every WebSocket with 1001 and ends the program; resolves when nothing of it is left. */
  async close(): Promise<void> {
    this.#supervisor.close()
    clearInterval(this.#lookTimer)
    const closed = Promise.all([this.#server.close(), this.#channels.close()])
    await this.#table.close()
    this.#server.terminate()
    await closed
    await this.#hub.close()
  }

  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #pid = 0

  #started(program: RunningProgram): void {
    const { onEvent } = this.#options
    const { pid } = program
    this.#pid = pid
    onEvent({ type: 'started', pid, target: '/', remoteAddress: '' })
    logLines(program.stderr, (line) => onEvent({ type: 'stderr', pid, line }))
    program.stdin.on('drain', () => this.#takeInput())
    program.stdin.once('close', () => this.#takeInput())
    this.#output = new ProgramOutput(program.stdout, this.#options, {
      send: (data) => {
        this.#publish(data)
        if (!this.#isBackedUp) return 'ok'
        this.#lookTimer ??= setInterval(() => this.#goOn(), LOOK_MS)
        return 'queued'
      },
      lineTooLong: () => {
        onEvent({ type: 'line-too-long', pid, maxLineBytes: this.#options.maxLineBytes })
        void program.end()
      },
      ended: () => {},
    })
  }

  #publish(data: string | Uint8Array): void {
    const { onEvent, channel } = this.#options
    const published = this.#hub.publish(channel, data)
    const header = this.#header
    const followed =
      header === undefined || typeof data !== 'string'
        ? published
        : published.then(({ position }) => header.follow(data, position?.offset ?? 0))
    followed.catch((error: Error) => {
      onEvent({ type: 'refused', target: `/channel/${channel}`, status: 500, why: error.message })
    })
  }

  /** Its end is told to all. */
  #finish(close: CloseInfo): void {
    this.#over = close
    for (const socket of this.#server.sockets)
      if (socket.data.subscription !== undefined) socket.close(close.code, close.reason)
  }

  async #open(socket: NodeWebSocket<Reader>): Promise<void> {
    const { channel } = this.#options
    const sent = (status: string): void => {
      if (status === 'queued') this.#backedUp.add(socket)
    }
    const live = (): void => {
      if (this.#over !== undefined) socket.close(this.#over.code, this.#over.reason)
    }
    const { position } = await this.#hub.history(channel, undefined, { limit: 0 })
    if (socket.phase !== 'open') return
    const after = position && { epoch: position.epoch, offset: 0 }
    socket.data.subscription = this.#hub.subscribe(channel, new OutputSubscriber(socket, sent, live), after)
    // Who comes has room.
    this.#goOn()
  }

  #message(socket: NodeWebSocket<Reader>, data: string | Uint8Array): void {
    if (!this.#options.input) {
      socket.close(CloseCode.policyViolation, 'This program takes no input')
      return
    }
    const stdin = this.#supervisor.program?.stdin
    if (stdin?.writable !== true) return
    const takesMore = this.#options.format === 'lines' ? writeLine(stdin, data) : stdin.write(data)
    if (takesMore) return
    this.#waitingForInput.add(socket)
    socket.pause()
  }

  #takeInput(): void {
    for (const socket of this.#waitingForInput) socket.resume()
    this.#waitingForInput.clear()
  }

  #leave(socket: NodeWebSocket<Reader>): void {
    const { subscription } = socket.data
    if (subscription !== undefined) this.#hub.unsubscribe(this.#options.channel, subscription)
    this.#waitingForInput.delete(socket)
    this.#drained(socket)
  }

  #drained(socket: NodeWebSocket<Reader>): void {
    this.#backedUp.delete(socket)
    this.#goOn()
  }

  /** The program need not wait any more, if somebody has room. */
  #goOn(): void {
    if (this.#isBackedUp) return
    clearInterval(this.#lookTimer)
    this.#lookTimer = undefined
    this.#output?.drained()
  }

  /**
   * Whether no reader has room. Where nobody reads, nobody is waited for. Nor is one for whom those who read the channel in another
   * way would have to wait: the hub lets go of those of them who are slow.
   */
  get #isBackedUp(): boolean {
    if (this.#backedUp.size === 0 || this.#backedUp.size < this.#server.sockets.size) return false
    return this.#hub.stats.subscriptions <= this.#backedUp.size
  }

  #createServer(): WebSocketServer<Reader> {
    const { admission, allowOrigins, allowHosts, maxQueuedBytes } = this.#options
    const { handshakeTimeoutMs, pingIntervalMs, upgradeHeaders, maxMessageBytes } = this.#options
    return new WebSocketServer<Reader>({
      ...(allowHosts === undefined ? {} : { allowHosts }),
      admission,
      allowOrigins,
      handshakeTimeoutMs,
      pingIntervalMs,
      upgradeHeaders,
      maxMessageBytes,
      maxQueuedBytes,
      highWaterMarkBytes: Math.min(HIGH_WATER_MARK_BYTES, maxQueuedBytes),
      textAs: 'bytes',
      authorize: async (request) => (await checkAccess(request, this.#options)) ?? { subscription: undefined },
      open: (socket) => this.#open(socket),
      message: (socket, data) => this.#message(socket, data),
      drain: (socket) => this.#drained(socket),
      close: (socket) => this.#leave(socket),
    })
  }

  #createChannels(): ChannelEndpoint {
    const { admission, allowOrigins, allowHosts, channel, maxQueuedBytes, pingIntervalMs } = this.#options
    return new ChannelEndpoint(this.#hub, {
      ...(allowHosts === undefined ? {} : { allowHosts }),
      admission,
      allowOrigins,
      maxQueuedBytes,
      pingIntervalMs: Math.max(1, pingIntervalMs),
      authorize: async ({ action, channel: asked, remoteAddress, incoming }) => {
        const refusal = await checkAccess({ target: incoming.url ?? '', remoteAddress, incoming }, this.#options)
        return refusal ?? (action === 'subscribe' && asked === channel)
      },
    })
  }
}

function writeLine(stdin: RunningProgram['stdin'], data: string | Uint8Array): boolean {
  stdin.cork()
  stdin.write(data)
  const takesMore = stdin.write('\n')
  stdin.uncork()
  return takesMore
}
