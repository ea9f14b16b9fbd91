import type { ServerResponse } from 'node:http'
import { ProgramsError, TerminalEndpoint, type TerminalEvent, type TerminalOptions } from '@wigwag/programs/term'
import { CliError, ExitCode } from '../cli-error.ts'
import { HttpListeners } from '../listening/http-listeners.ts'
import { listenAddresses } from '../listening/listen-address.ts'
import { doorPolicies } from '../listening/listening-options.ts'
import type { TermCommandOptions } from './term-command-options.ts'

/** The server behind `wigwag term`. */
export class TermServer {
  /** How long `close` may take, in milliseconds: all the time that programs are given, and what the kernel needs. */
  readonly closeMs = 3000
  readonly #options: TermCommandOptions
  readonly #endpoint: TerminalEndpoint
  readonly #http: HttpListeners

  /** Throws `CliError` for what cannot be served. */
  constructor(options: TermCommandOptions, command: readonly string[], onEvent: (event: TerminalEvent) => void) {
    this.#options = options
    this.#endpoint = createEndpoint({ ...endpointOptions(options), command, onEvent })
    const { host, port, basePath } = options
    this.#http = new HttpListeners(options, listenAddresses(host, port), (_, response) =>
      answerOther(basePath, response),
    )
    this.#http.attach(this.#endpoint)
  }

  /** Listens; resolves with the URLs. Rejects with `CliError` when an address cannot be had. */
  async listen(): Promise<readonly [string, ...string[]]> {
    const [url, ...others] = await this.#http.listen().catch(async (error: unknown) => {
      // Somebody may have come in already, whom an exit would wait for.
      await this.close()
      throw error
    })
    return [this.#pageAt(url), ...others.map((other) => this.#pageAt(other))]
  }

  /** Ends every session and every program; resolves when none is left. */
  async close(): Promise<void> {
    this.#http.close()
    await this.#endpoint.close()
    this.#http.closeAllConnections()
  }

  #pageAt(url: string): string {
    return url.startsWith('unix:') ? url : `${url}${this.#options.basePath}/`
  }
}

function endpointOptions(options: TermCommandOptions): Omit<TerminalOptions, 'command'> {
  const { credential, passEnv, cwd, record, title, clientOption } = options
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
    ...doorPolicies(options),
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
