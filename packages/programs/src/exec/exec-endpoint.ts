import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { Refusal, refuse, type UpgradeRequest, WebSocketServer } from '@wigwag/socket'
import { ProcessTable } from '../process/process-table.ts'
import { type RunningProgram, startProgram } from '../process/running-program.ts'
import { ProgramsError } from '../programs-error.ts'
import { cgiEnvironment } from './cgi-environment.ts'
import { checkCredentials } from './check-access.ts'
import { type CgiUser, describeRequest } from './describe-request.ts'
import { type ExecOptions, type ResolvedExecOptions, resolveExecOptions } from './exec-options.ts'
import { findProgram, type ProgramFile } from './find-program.ts'
import { ProgramConnection } from './program-connection.ts'
import { programVerdict } from './program-verdict.ts'
import { WarmPrograms } from './warm-programs.ts'

/** From how many queued bytes on a program's output is paused. Large enough that few pauses are needed, small enough for thousands. */
const HIGH_WATER_MARK_BYTES = 256 * 1024
/** How many bytes a byte of output may take as JSON, escaped: `\u0000`. */
const MAX_ESCAPED_BYTES = 6
/** The last of the output may still be on its way to a slow reader when the goodbye is. */
const CLOSE_TIMEOUT_MS = 30_000

/**
 * Programs as WebSockets, one for each connection: what a program writes is sent, what is sent it reads. `attach` it to an HTTP
 * server, or route upgrades to `handleUpgrade`.
 */
export class ExecEndpoint {
  readonly #options: ResolvedExecOptions
  readonly #table: ProcessTable
  readonly #server: WebSocketServer<ProgramConnection>
  readonly #warm: WarmPrograms

  /** Throws `ProgramsError` `ERR_PROGRAM_OPTION` or `UsageError` `ERR_OPTION` for an option out of range. */
  constructor(options: ExecOptions) {
    this.#options = resolveExecOptions(options)
    const { admission, allowOrigins, allowHosts, handshakeTimeoutMs, pingIntervalMs, upgradeHeaders } = this.#options
    const { maxLineBytes, maxMessageBytes } = this.#options
    this.#table = new ProcessTable(this.#options.maxProcesses)
    this.#warm = new WarmPrograms(this.#options.warmProcesses, () => this.#table.start(() => this.#startWarm()))
    this.#server = new WebSocketServer<ProgramConnection>({
      ...(allowHosts === undefined ? {} : { allowHosts }),
      admission,
      allowOrigins,
      handshakeTimeoutMs,
      pingIntervalMs,
      upgradeHeaders,
      maxMessageBytes,
      closeTimeoutMs: CLOSE_TIMEOUT_MS,
      highWaterMarkBytes: HIGH_WATER_MARK_BYTES,
      // Output waits in the program's pipe: whatever is sent below the mark has room, be it the longest line of both streams.
      maxQueuedBytes: HIGH_WATER_MARK_BYTES + 2 * MAX_ESCAPED_BYTES * Math.max(maxLineBytes, 64 * 1024),
      // A program reads bytes; what they mean as text is its own affair, once they are checked to be text.
      textAs: 'bytes',
      authorize: (request) => this.#authorize(request),
      open: (socket) => socket.data.open(socket),
      message: (socket, data) => socket.data.message(data),
      drain: (socket) => socket.data.drained(),
      close: (socket) => socket.data.close(),
    })
  }

  /** Programs that run, and WebSockets that are open. */
  get stats(): { readonly processes: number; readonly webSocket: WebSocketServer['stats'] } {
    return { processes: this.#table.size, webSocket: this.#server.stats }
  }

  /**
   * Starts the programs that wait for clients (`warmProcesses`), if there are to be any. Rejects with `ProgramsError`
   * `ERR_PROGRAM_START` when none can be started.
   */
  start(): Promise<void> {
    return this.#warm.fill()
  }

  /** Answers the upgrades of an HTTP server. Returns the function that undoes it. */
  attach(server: Server): () => void {
    return this.#server.attach(server)
  }

  /** Answers one upgrade, for servers that route them. */
  handleUpgrade(incoming: IncomingMessage, socket: Socket, head: Buffer, server?: Server): void {
    this.#server.handleUpgrade(incoming, socket, head, server)
  }

  /** Closes every WebSocket with 1001 and brings every program to its end; resolves when none is left. */
  async close(): Promise<void> {
    // The goodbye need not be answered for the programs to go.
    this.#warm.close()
    const closed = this.#server.close()
    await this.#table.close()
    this.#server.terminate()
    await closed
  }

  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #authorize(request: UpgradeRequest): Promise<ProgramConnection | Refusal> {
    const user = checkCredentials(request, this.#options)
    if (user instanceof Refusal) return user
    const decision = await this.#options.authorize(request)
    if (decision instanceof Refusal) return decision
    const found = await findProgram(this.#options.source, request.path)
    if ('why' in found) return this.#refused(request, 404, 'There is no program here.', found.why)
    try {
      const env = await this.#environmentOf(request, found, user)
      const program = this.#warm.take() ?? (await this.#table.start(() => this.#start(found, env)))
      return await this.#settle(request, program, env)
    } catch (error) {
      return this.#couldNotStart(request, error)
    }
  }

  async #environmentOf(
    request: UpgradeRequest,
    found: ProgramFile,
    user: CgiUser | undefined,
  ): Promise<Record<string, string>> {
    const { reverseLookup, createId } = this.#options
    return cgiEnvironment(await describeRequest(request, { user, reverseLookup, uniqueId: createId() }), found, {})
  }

  #start({ command, args }: ProgramFile, env: Readonly<Record<string, string>>): Promise<RunningProgram> {
    const { cwd, killLadder, passed } = this.#options
    return startProgram({ command, args, env: { ...passed, ...env }, cwd }, killLadder)
  }

  #startWarm(): Promise<RunningProgram> {
    const { source, cwd, killLadder, passed } = this.#options
    const [command = '', ...args] = 'command' in source ? source.command : []
    return startProgram({ command, args, env: { ...passed }, cwd }, killLadder)
  }

  /** From here on there is a program, which goes when its client does not come in. */
  async #settle(
    request: UpgradeRequest,
    program: RunningProgram,
    env: Readonly<Record<string, string>>,
  ): Promise<ProgramConnection | Refusal> {
    const { onEvent, decidedBy, requestLine } = this.#options
    const { target, remoteAddress, signal } = request
    const { pid } = program
    onEvent({ type: 'started', pid, target, remoteAddress })
    void program.ended.then((end) => onEvent({ type: 'ended', pid, end }))
    const connection = new ProgramConnection(program, this.#options, onEvent)
    if (requestLine) program.stdin.write(`${JSON.stringify(env)}\n`)
    const leave = (): void => {
      if (!connection.isOpen) connection.close()
    }
    signal.addEventListener('abort', leave)
    if (decidedBy === 'program') {
      const { refusal, why } = await programVerdict(program, signal)
      if (refusal !== undefined) {
        connection.close()
        return why === undefined ? refusal : this.#refused(request, refusal.status, refusal.message, why)
      }
    }
    if (signal.aborted) leave()
    // The upgrade may still fail, as when the server closes in this moment.
    setImmediate(leave)
    return connection
  }

  #couldNotStart(request: UpgradeRequest, error: unknown): Refusal {
    if (!(error instanceof ProgramsError)) throw error
    const { code, message } = error
    if (code === 'ERR_PROGRAM_LIMIT') {
      return this.#refused(request, 429, 'As many programs run as may; try again later.', message, {
        'retry-after': '5',
      })
    }
    if (code === 'ERR_PROGRAM_CLOSED') {
      return this.#refused(request, 503, 'The server is shutting down; try again.', message, { 'retry-after': '1' })
    }
    return this.#refused(request, 500, 'The program could not be started.', message)
  }

  #refused(
    { target }: UpgradeRequest,
    status: number,
    message: string,
    why: string,
    headers: Readonly<Record<string, string>> = {},
  ): Refusal {
    this.#options.onEvent({ type: 'refused', target, status, why })
    return refuse(status, message, headers)
  }
}
