import { HubError } from '@wigwag/hub'
import {
  ExecEndpoint,
  type ExecEvent,
  ExecHttp,
  type ExecOptions,
  type PageInfo,
  ProgramsError,
  SharedEndpoint,
} from '@wigwag/programs'
import { Admission, UsageError } from '@wigwag/socket'
import { CliError, describeError, ExitCode } from '../cli-error.ts'
import { HttpListeners } from '../listening/http-listeners.ts'
import { listenAddresses } from '../listening/listen-address.ts'
import { doorPolicies } from '../listening/listening-options.ts'
import type { ExecCommandOptions } from './exec-command-options.ts'

/** The server behind `wigwag exec`. */
export class ExecServer {
  readonly #options: ExecCommandOptions
  readonly #endpoint: ExecEndpoint | SharedEndpoint | undefined
  readonly #plain: ExecHttp
  readonly #http: HttpListeners

  /** Throws `CliError` for what cannot be served. */
  constructor(options: ExecCommandOptions, command: readonly string[], onEvent: (event: ExecEvent) => void) {
    this.#options = options
    const doors = doorOptions(options, onEvent)
    this.#endpoint = inWordsOfTheCommand(() => createEndpoint(options, doors, command))
    this.#plain = inWordsOfTheCommand(() => createPlain(options, doors, () => this.#describe(command)))
    const { host, port } = options
    this.#http = new HttpListeners(options, listenAddresses(host, port), (incoming, response, server) => {
      void this.#plain.answer(server, incoming, response)
    })
    if (this.#endpoint !== undefined) this.#http.attach(this.#endpoint)
  }

  /** Programs that run now. */
  get processes(): number {
    return this.#endpoint?.stats.processes ?? 0
  }

  /** Listens, and starts programs that do not wait for clients; resolves with the URLs. Rejects with `CliError` when that cannot be had. */
  async listen(): Promise<readonly [string, ...string[]]> {
    try {
      const urls = await this.#http.listen()
      await this.#endpoint?.start()
      return urls
    } catch (error) {
      // Somebody may have come in already, whom an exit would wait for.
      await this.close()
      throw error instanceof CliError ? error : new CliError(describeError(error))
    }
  }

  /** Ends every connection and every program; resolves when none is left. */
  async close(): Promise<void> {
    this.#http.close()
    await Promise.all([this.#endpoint?.close(), this.#plain.close()])
    this.#http.closeAllConnections()
  }

  /** What the page is told. */
  #describe(command: readonly string[]): PageInfo {
    const { mode, channel, dir } = this.#options
    const title = dir ?? command.join(' ')
    if (!(this.#endpoint instanceof SharedEndpoint) || mode !== 'shared')
      return { title, mode: 'per-connection', channel }
    const { ended, columnHeader: header } = this.#endpoint
    return { title, mode, channel, header, ended: ended && (ended.reason || 'The program has ended') }
  }

  /** How long `close` may take, in milliseconds: all the time that a program is given, and what the kernel needs. */
  get closeMs(): number {
    const { closeWait, interruptWait, terminateWait } = this.#options
    return closeWait + interruptWait + terminateWait + 1000
  }
}

/** What all that is served has in common. */
type Doors = ReturnType<typeof doorOptions>

function doorOptions(options: ExecCommandOptions, onEvent: (event: ExecEvent) => void) {
  const { credential, passEnv, cwd, origin, allowOrigin } = options
  const origins = [...(origin ?? []), ...(allowOrigin ?? [])]
  const { trustedProxies, ...doors } = doorPolicies({ ...options, ...(origins.length > 0 && { allowOrigin: origins }) })
  return {
    admission: new Admission({
      maxConnections: options.maxConnections,
      ...(trustedProxies && { trustedProxies }),
    }),
    ...doors,
    maxProcesses: options.maxProcesses,
    reverseLookup: options.reverseLookup === true,
    killLadder: {
      inputGraceMs: options.closeWait,
      interruptGraceMs: options.interruptWait,
      terminateGraceMs: options.terminateWait,
    },
    onEvent,
    ...(credential && { credentials: credential }),
    ...(passEnv && { passEnv }),
    ...(cwd !== undefined && { cwd }),
  }
}

/** None where there are only CGI programs. */
function createEndpoint(
  options: ExecCommandOptions,
  doors: Doors,
  command: readonly string[],
): ExecEndpoint | SharedEndpoint | undefined {
  const { mode, dir, channel, history, input, restart } = options
  const common = {
    ...doors,
    format: options.binary === true ? ('binary' as const) : ('lines' as const),
    maxLineBytes: options.maxLine,
    maxMessageBytes: options.maxMessage,
    pingIntervalMs: options.pingInterval,
    upgradeHeaders: { ...options.header, ...options.headerWs },
  }
  if (mode === 'shared') {
    const shared = { command, channel, historySize: history, input: input === true, restart }
    return new SharedEndpoint({ ...common, ...shared, rememberHeader: options.page === 'chart' })
  }
  const source: ExecOptions | undefined =
    dir !== undefined ? { folder: dir } : command.length > 0 ? { command } : undefined
  if (source === undefined) return undefined
  const stderr = options.passStderr === true ? 'pass' : 'log'
  return new ExecEndpoint({
    ...common,
    ...source,
    stderr,
    decidedBy: options.decidedBy,
    requestLine: options.requestLine === true,
    warmProcesses: mode === 'pool' ? options.warm : 0,
  })
}

function createPlain(options: ExecCommandOptions, doors: Doors, pageInfo: () => PageInfo): ExecHttp {
  const { page, dir, static: staticFolder, cgi: cgiFolder, header, headerHttp } = options
  return new ExecHttp({
    ...doors,
    headers: { ...header, ...headerHttp },
    pageInfo,
    ...(page && { page }),
    ...(staticFolder !== undefined && { staticFolder }),
    ...(cgiFolder !== undefined && { cgiFolder }),
    ...(dir !== undefined && { programFolders: [dir] }),
  })
}

/** What the libraries say of options is the command line's fault. */
function inWordsOfTheCommand<T>(create: () => T): T {
  try {
    return create()
  } catch (error) {
    const isUsage = error instanceof ProgramsError || error instanceof UsageError || error instanceof HubError
    if (isUsage) throw new CliError(error.message, ExitCode.usage)
    throw error
  }
}
