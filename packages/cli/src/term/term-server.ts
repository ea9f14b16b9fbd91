import type { Server, ServerResponse } from 'node:http'
import { ProgramsError, TerminalEndpoint, type TerminalEvent, type TerminalOptions } from '@wigwag/programs/term'
import { CliError, ExitCode } from '../cli-error.ts'
import { createHttpServer, listen } from '../http-server.ts'
import type { TermCommandOptions } from './term-command-options.ts'

/** The server behind `wigwag term`. */
export class TermServer {
  readonly #options: TermCommandOptions
  readonly #endpoint: TerminalEndpoint
  readonly #http: Server

  /** Throws `CliError` for what cannot be served. */
  constructor(options: TermCommandOptions, command: readonly string[], onEvent: (event: TerminalEvent) => void) {
    this.#options = options
    this.#endpoint = createEndpoint({ ...endpointOptions(options), command, onEvent })
    this.#http = createHttpServer(options, (_incoming, response) => answerOther(options.basePath, response))
    this.#endpoint.attach(this.#http)
  }

  /** Listens; resolves with the URL. Rejects with `CliError` when the address cannot be had. */
  async listen(): Promise<string> {
    return `${await listen(this.#http, this.#options)}${this.#options.basePath}/`
  }

  /** Ends every session and every program; resolves when none is left. */
  async close(): Promise<void> {
    this.#http.close()
    await this.#endpoint.close()
    this.#http.closeAllConnections()
  }
}

/** How long `close` may take, in milliseconds: all the time that programs are given, and what the kernel needs. */
export const CLOSE_MS = 3000

function endpointOptions(options: TermCommandOptions): Omit<TerminalOptions, 'command'> {
  const { credential, passEnv, cwd, record, title, clientOption, allowOrigin, allowHost, trustedProxy } = options
  return {
    writable: options.writable === true,
    sessions: options.shared === true ? 'shared' : 'each',
    keepMs: options.keep,
    urlArgs: options.urlArg === true,
    once: options.once === true,
    maxClients: options.maxClients,
    maxSessions: options.maxSessions,
    basePath: options.basePath,
    terminalType: options.terminalType,
    signal: options.signal,
    scrollbackBytes: options.scrollback,
    shareLines: options.shareLines,
    pingIntervalMs: options.pingInterval,
    maxConnections: options.maxConnections,
    ...(credential && { credentials: credential }),
    ...(passEnv && { passEnv }),
    ...(cwd !== undefined && { cwd }),
    ...(record !== undefined && { recordTo: record }),
    ...(title !== undefined && { title }),
    ...(clientOption && { preferences: clientOption }),
    ...(trustedProxy && { trustedProxies: trustedProxy }),
    ...(allowOrigin && { allowOrigins: allowOrigin.includes('*') ? ('any' as const) : allowOrigin }),
    ...(allowHost && { allowHosts: allowHost.includes('*') ? ('any' as const) : allowHost }),
  }
}

/** What the library says of options, in words of the command line. */
function createEndpoint(options: TerminalOptions): TerminalEndpoint {
  try {
    return new TerminalEndpoint(options)
  } catch (error) {
    if (error instanceof ProgramsError) throw new CliError(error.message, ExitCode.usage)
    throw error
  }
}

function answerOther(basePath: string, response: ServerResponse): void {
  response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' })
  response.end(`There is nothing here. The terminal is at ${basePath}/.\n`)
}
