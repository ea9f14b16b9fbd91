import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import {
  type Admission,
  answerText,
  CloseCode,
  hostPolicyOf,
  interceptHttp,
  type NodeWebSocket,
  type Refusal,
  refuse,
  resolveAdmission,
  type UpgradeRequest,
  WebSocketServer,
} from '@wigwag/socket'
import { checkHost, type HostPolicy, originForm } from '@wigwag/socket/core'
import type { Rung } from '../process/kill-ladder.ts'
import { ProcessTable } from '../process/process-table.ts'
import { ProgramsError } from '../programs-error.ts'
import { CastRecorder } from './cast-recorder.ts'
import { OneTimeTickets } from './one-time-tickets.ts'
import { PtyProgram } from './pty-program.ts'
import { type FoundSession, SessionRegistry } from './session-registry.ts'
import type { ClientSocket, TerminalClient } from './terminal-client.ts'
import { type ResolvedTerminalOptions, resolveTerminalOptions, type TerminalOptions } from './terminal-options.ts'
import { TerminalPages } from './terminal-pages.ts'
import { SHUTTING_DOWN, TerminalSession } from './terminal-session.ts'
import { DEFAULT_SIZE, type TerminalSize } from './terminal-size.ts'
import { TerminalViewer } from './terminal-viewer.ts'
import { decodeClientMessage, type Hello, preferencesMessage, TTY_SUBPROTOCOL, titleMessage } from './tty-message.ts'
import { urlArguments } from './url-arguments.ts'

/** From how many queued bytes on a viewer has no room: what it has been sent and not shown is what Ctrl-C comes behind. */
const HIGH_WATER_MARK_BYTES = 64 * 1024
/** A close code of ours: the session that a key belonged to is over. Status codes of programs end at 4255. */
const NO_SESSION_CODE = 4404
/** The most that a Close frame can carry as its reason (RFC 6455 §5.5). */
const MAX_REASON_BYTES = 123

/**
 * Terminals in the browser: a page at `/`, a WebSocket at `/ws` that speaks ttyd's subprotocol `tty`, a program behind each
 * session. `attach` it to an HTTP server; it answers what is below its base path and nothing else.
 */
export class TerminalEndpoint {
  readonly #options: ResolvedTerminalOptions
  readonly #hosts: HostPolicy | undefined
  readonly #admission: Admission
  readonly #server: WebSocketServer<TerminalClient>
  readonly #pages: TerminalPages
  readonly #tickets = new OneTimeTickets()
  readonly #sessions = new SessionRegistry()
  readonly #table: ProcessTable
  readonly #ending = new Set<Promise<void>>()
  #lastNumber = 0
  #hasHadClient = false
  #isClosing = false
  #isIdle = false

  /** Throws `ProgramsError` `ERR_PROGRAM_OPTION` or `UsageError` `ERR_OPTION` for an option out of range. */
  constructor(options: TerminalOptions) {
    this.#options = resolveTerminalOptions(options)
    this.#hosts = options.allowHosts
    this.#admission = resolveAdmission(options)
    this.#table = new ProcessTable(this.#options.maxSessions)
    this.#pages = new TerminalPages(this.#options.credentials, this.#tickets)
    const { allowOrigins, allowHosts, handshakeTimeoutMs, pingIntervalMs, pongTimeoutMs, perMessageDeflate } = options
    this.#server = new WebSocketServer<TerminalClient>({
      ...Object.fromEntries(
        Object.entries({
          allowOrigins,
          allowHosts,
          handshakeTimeoutMs,
          pingIntervalMs,
          pongTimeoutMs,
          perMessageDeflate,
        }).filter(([, value]) => value !== undefined),
      ),
      admission: this.#admission,
      path: `${this.#options.basePath}/ws`,
      subprotocols: [TTY_SUBPROTOCOL],
      textAs: 'bytes',
      maxMessageBytes: this.#options.maxMessageBytes,
      highWaterMarkBytes: HIGH_WATER_MARK_BYTES,
      authorize: (request) => this.#authorize(request),
      open: (socket) => this.#open(socket),
      message: (socket, data) => this.#message(socket, data as Uint8Array),
      drain: ({ data: { state } }) => {
        if (state.phase !== 'joined') return
        state.viewer.drained()
        state.session.pump(state.viewer)
      },
      close: (socket) => this.#left(socket),
    })
  }

  /** Clients that are connected, and sessions, kept ones included. */
  get stats(): { readonly clients: number; readonly sessions: number } {
    return { clients: this.#server.stats.open, sessions: this.#sessions.size }
  }

  /** Answers what is below the base path, upgrades and requests, before the server's other listeners. Returns the function that undoes it. */
  attach(server: Server): () => void {
    const undoUpgrades = this.#server.attach(server)
    const undoRequests = interceptHttp(server, {
      request: (incoming, response) => this.handleRequest(incoming, response, server),
    })
    return () => {
      undoUpgrades()
      undoRequests()
    }
  }

  /** Answers one request if it is below the base path; returns whether it was. `server` is where it came in. */
  handleRequest(incoming: IncomingMessage, response: ServerResponse, server?: Server): boolean {
    const [path = ''] = originForm(incoming.url ?? '').split('?', 1)
    const { basePath } = this.#options
    if (path !== basePath && !path.startsWith(`${basePath}/`)) return false
    const refusal = this.#admission.admitRequest(incoming, response) ?? this.#checkHost(incoming, server)
    if (refusal !== undefined) answerText(response, refusal.status, refusal.message, refusal.headers)
    else if (path === basePath) {
      // Relative, so that it holds behind a proxy that puts a path of its own in front.
      response.writeHead(307, { location: `./${basePath.slice(basePath.lastIndexOf('/') + 1)}/` }).end()
    } else this.#pages.answer(path.slice(basePath.length), incoming, response)
    return true
  }

  /** Closes every client with 1001 and brings every program to its end; resolves when none is left. */
  async close(): Promise<void> {
    this.#isClosing = true
    const closed = this.#server.close()
    await Promise.all([...this.#sessions].map((session) => session.close(SHUTTING_DOWN)))
    await this.#table.close()
    await Promise.all(this.#ending)
    this.#server.terminate()
    await closed
  }

  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #checkHost({ headers: { host } }: IncomingMessage, server: Server | undefined): Refusal | undefined {
    const refusal = host === undefined ? undefined : checkHost(host, hostPolicyOf(server, this.#hosts))
    return refusal && refuse(403, refusal.message)
  }

  #authorize(request: UpgradeRequest): TerminalClient | Refusal {
    const { credentials, maxClients, urlArgs } = this.#options
    const client = request.remoteAddress
    if (maxClients > 0 && this.#server.stats.open >= maxClients) {
      return this.#refuse(
        client,
        refuse(503, `${maxClients} clients are here already (maxClients).`, { 'retry-after': '5' }),
      )
    }
    const authorization = request.headers.get('authorization')
    const user = authorization === undefined ? undefined : credentials?.check(authorization)
    // Without one it may still have a ticket, or a key: it says so in its first message.
    if (credentials !== undefined && authorization !== undefined && user === undefined) {
      return this.#refuse(client, refuse(401, 'The name or the password is wrong.'))
    }
    const args = urlArgs ? urlArguments(request.query) : []
    if (args === undefined) return this.#refuse(client, refuse(400, 'The arguments (arg) are too many or too long.'))
    return { client, user: credentials === undefined ? '' : user, args, state: { phase: 'gone' } }
  }

  #refuse(client: string, refusal: Refusal): Refusal {
    this.#options.onEvent({ type: 'refused', client, why: refusal.message })
    return refusal
  }

  #open(socket: ClientSocket): void {
    this.#isIdle = false
    const timer = setTimeout(
      () => this.#turnAway(socket, CloseCode.policyViolation, 'Nothing was said for too long'),
      this.#options.helloTimeoutMs,
    )
    socket.data.state = { phase: 'silent', timer }
  }

  #message(socket: ClientSocket, bytes: Uint8Array): void {
    const { state } = socket.data
    const message = decodeClientMessage(bytes)
    if (state.phase === 'silent') {
      if (message?.type === 'hello') this.#greet(socket, message.hello)
      else
        this.#turnAway(socket, CloseCode.policyViolation, 'The first message is JSON: {"AuthToken","columns","rows"}')
      return
    }
    if (state.phase !== 'joined' || message === undefined) return
    const { session, viewer } = state
    switch (message.type) {
      case 'input':
        session.input(viewer, message.bytes)
        break
      case 'resize':
        session.resize(viewer, message.size)
        break
      case 'pause':
      case 'resume':
        viewer.setPaused(message.type === 'pause')
        session.pump(viewer)
        break
      case 'take':
        session.take(viewer)
    }
  }

  /** A client says who it is and where it wants to. */
  #greet(socket: ClientSocket, hello: Hello): void {
    const { data } = socket
    if (data.state.phase === 'silent') clearTimeout(data.state.timer)
    const found = this.#sessions.find(hello.sessionKey)
    const user = data.user ?? this.#userOf(hello.authToken)
    if (found !== undefined) this.#join(socket, hello, found)
    else if (user === undefined) this.#turnAway(socket, CloseCode.policyViolation, 'The token is not good')
    else if (hello.sessionKey !== '') this.#turnAway(socket, NO_SESSION_CODE, 'This session is over')
    else this.#enter(socket, hello, user)
  }

  #userOf(authToken: string): string | undefined {
    // Clients that do not ask for a token make it as ttyd does.
    return this.#tickets.redeem(authToken) ?? this.#options.credentials?.check(`Basic ${authToken}`)
  }

  /** Somebody without a key. */
  #enter(socket: ClientSocket, hello: Hello, user: string): void {
    const { sessions, writable, once } = this.#options
    const session = sessions === 'shared' ? this.#sessions.first : undefined
    if (once && this.#hasHadClient) {
      this.#turnAway(socket, CloseCode.policyViolation, 'Only one client is let in')
      return
    }
    this.#hasHadClient = true
    if (session !== undefined) {
      this.#join(socket, hello, { session, mayWrite: writable })
      return
    }
    socket.data.state = { phase: 'starting' }
    // What it types meanwhile waits.
    socket.pause()
    this.#start(socket.data, hello.size ?? DEFAULT_SIZE, user).then(
      (started) => {
        this.#join(socket, hello, { session: started, mayWrite: writable })
        socket.resume()
      },
      (error: unknown) => {
        const isFull = error instanceof ProgramsError && error.code === 'ERR_PROGRAM_LIMIT'
        const code = isFull ? CloseCode.tryAgainLater : CloseCode.internalError
        this.#turnAway(socket, code, error instanceof Error ? error.message : String(error))
        socket.resume()
      },
    )
  }

  async #start(client: TerminalClient, size: TerminalSize, user: string): Promise<TerminalSession> {
    const { command, cwd, env, terminalType, recordTo, writable, onEvent } = this.#options
    const [program = '', ...args] = command
    const number = ++this.#lastNumber
    const session = new TerminalSession(number, size, this.#options, (finished) => this.#over(session, finished))
    const spec = {
      command: program,
      args: [...args, ...client.args],
      env: { ...env, COLORTERM: 'truecolor', ...(user !== '' && { TTYD_USER: user }) },
      cwd,
    }
    const pty = await this.#table.start(async () => PtyProgram.start(spec, size, terminalType, this.#rungs(), session))
    session.run(pty, recordTo === undefined ? undefined : this.#record(recordTo, session, size))
    this.#sessions.add(session, writable)
    onEvent({ type: 'started', pid: pty.pid, session: number })
    void pty.ended.then((end) => onEvent({ type: 'ended', pid: pty.pid, session: number, end }))
    return session
  }

  #over(session: TerminalSession, finished: Promise<void>): void {
    this.#sessions.delete(session)
    this.#ending.add(finished)
    void finished.then(() => this.#ending.delete(finished))
    this.#tellIdle()
  }

  #rungs(): readonly Rung[] {
    const { signal, endGraceMs: waitMs } = this.#options
    return [
      { waitMs: 0, signal },
      { waitMs, signal: 'SIGTERM' },
      { waitMs, signal: 'SIGKILL' },
    ]
  }

  #record(path: string, session: TerminalSession, size: TerminalSize): CastRecorder | undefined {
    const { command, terminalType: term, onEvent } = this.#options
    const failed = (why: string): void => onEvent({ type: 'recording-failed', session: session.number, why })
    const head = { size, term, command: command.join(' '), timestamp: Math.floor(Date.now() / 1000) }
    try {
      return new CastRecorder(path, head, { drained: () => session.recorded(), failed })
    } catch (error) {
      failed((error as Error).message)
      return undefined
    }
  }

  #join(socket: ClientSocket, hello: Hello, { session, mayWrite }: FoundSession): void {
    const { data } = socket
    const viewer = new TerminalViewer(socket as NodeWebSocket<unknown>, hello.isOurs, mayWrite)
    data.state = { phase: 'joined', session, viewer }
    this.#hasHadClient = true
    viewer.send(titleMessage(this.#options.title))
    viewer.send(preferencesMessage(this.#options.preferences))
    session.join(viewer, hello.size, hello.offset)
    this.#options.onEvent({ type: 'joined', session: session.number, client: data.client, mayWrite })
    // It has left while its program was started.
    if (socket.phase !== 'open') this.#left(socket)
  }

  #left({ data }: ClientSocket): void {
    const { state, client } = data
    data.state = { phase: 'gone' }
    if (state.phase === 'silent') clearTimeout(state.timer)
    if (state.phase === 'joined') {
      const { session, viewer } = state
      session.leave(viewer)
      this.#options.onEvent({ type: 'left', session: session.number, client, skippedBytes: viewer.skippedBytes })
    }
    this.#tellIdle()
  }

  #tellIdle(): void {
    if (this.#isClosing || !this.#hasHadClient || this.#sessions.size > 0) return
    // The socket that has just closed is still counted.
    setImmediate(() => {
      if (this.#isIdle || this.#server.stats.open > 0 || this.#sessions.size > 0) return
      this.#isIdle = true
      this.#options.onEvent({ type: 'idle' })
    })
  }

  #turnAway(socket: ClientSocket, code: number, reason: string): void {
    this.#options.onEvent({ type: 'refused', client: socket.data.client, why: reason })
    if (socket.data.state.phase === 'silent') clearTimeout(socket.data.state.timer)
    socket.data.state = { phase: 'gone' }
    socket.close(code, cut(reason))
  }
}

/** As much of a reason as a Close frame takes, in whole characters. */
function cut(reason: string): string {
  let text = reason
  while (Buffer.byteLength(text) > MAX_REASON_BYTES) text = text.slice(0, -1)
  return text
}
