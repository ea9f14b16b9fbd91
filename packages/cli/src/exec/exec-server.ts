import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { ExecEndpoint, type ExecEvent, type ExecOptions, ProgramsError } from '@wigwag/programs'
import { CliError, ExitCode } from '../cli-error.ts'
import { createHttpServer, listen } from '../http-server.ts'
import type { ExecCommandOptions } from './exec-command-options.ts'

/** The server behind `wigwag exec`. */
export class ExecServer {
  readonly #options: ExecCommandOptions
  readonly #endpoint: ExecEndpoint
  readonly #http: Server

  /** Throws `CliError` for what cannot be served. */
  constructor(options: ExecCommandOptions, command: readonly string[], onEvent: (event: ExecEvent) => void) {
    this.#options = options
    this.#endpoint = createEndpoint({ ...endpointOptions(options), ...whatToRun(options, command), onEvent })
    this.#http = createHttpServer(options, answerPlain)
    this.#endpoint.attach(this.#http)
  }

  /** Programs that run now. */
  get processes(): number {
    return this.#endpoint.stats.processes
  }

  /** Listens; resolves with the URL. Rejects with `CliError` when the address cannot be had. */
  listen(): Promise<string> {
    return listen(this.#http, this.#options)
  }

  /** Ends every connection and every program; resolves when none is left. */
  async close(): Promise<void> {
    this.#http.close()
    await this.#endpoint.close()
    this.#http.closeAllConnections()
  }

  /** How long `close` may take, in milliseconds: all the time that a program is given, and what the kernel needs. */
  get closeMs(): number {
    const { closeWait, interruptWait, terminateWait } = this.#options
    return closeWait + interruptWait + terminateWait + 1000
  }
}

function whatToRun({ dir }: ExecCommandOptions, command: readonly string[]): ExecOptions {
  return dir === undefined ? { command } : { folder: dir }
}

function endpointOptions(options: ExecCommandOptions): ExecOptions {
  const { credential, passEnv, cwd, origin, allowHost, trustedProxy } = options
  return {
    format: options.binary === true ? 'binary' : 'lines',
    stderr: options.passStderr === true ? 'pass' : 'log',
    decidedBy: options.decidedBy,
    maxProcesses: options.maxProcesses,
    maxLineBytes: options.maxLine,
    maxMessageBytes: options.maxMessage,
    maxConnections: options.maxConnections,
    pingIntervalMs: options.pingInterval,
    reverseLookup: options.reverseLookup === true,
    upgradeHeaders: { ...options.header, ...options.headerWs },
    killLadder: {
      inputGraceMs: options.closeWait,
      interruptGraceMs: options.interruptWait,
      terminateGraceMs: options.terminateWait,
    },
    ...(credential && { credentials: credential }),
    ...(passEnv && { passEnv }),
    ...(cwd !== undefined && { cwd }),
    ...(origin && { allowOrigins: origin.includes('*') ? ('any' as const) : origin }),
    ...(allowHost && { allowHosts: allowHost.includes('*') ? ('any' as const) : allowHost }),
    ...(trustedProxy && { trustedProxies: trustedProxy }),
  }
}

/** What the library says of options, in words of the command line. */
function createEndpoint(options: ExecOptions): ExecEndpoint {
  try {
    return new ExecEndpoint(options)
  } catch (error) {
    if (error instanceof ProgramsError) throw new CliError(error.message, ExitCode.usage)
    throw error
  }
}

function answerPlain(_incoming: IncomingMessage, response: ServerResponse): void {
  response.writeHead(426, { upgrade: 'websocket', connection: 'close', 'content-type': 'text/plain; charset=utf-8' })
  response.end('This is a program behind a WebSocket: connect with ws://, as wigwag connect does.\n')
}
