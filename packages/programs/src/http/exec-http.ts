import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { type Admission, answerText, hostPolicyOf, Refusal, refuse } from '@wigwag/socket'
import { checkHost, checkOrigin, HeaderFields, originForm } from '@wigwag/socket/core'
import { checkNumberOption } from '../check-option.ts'
import { cgiEnvironment } from '../exec/cgi-environment.ts'
import { checkAccess, checkCredentials } from '../exec/check-access.ts'
import { describeRequest } from '../exec/describe-request.ts'
import type { ExecEvent } from '../exec/exec-event.ts'
import { type AccessRequest, type ExecOptions, resolveExecOptions } from '../exec/exec-options.ts'
import { findProgram } from '../exec/find-program.ts'
import { logLines } from '../exec/log-lines.ts'
import { ProcessTable } from '../process/process-table.ts'
import { startProgram } from '../process/running-program.ts'
import { ProgramsError } from '../programs-error.ts'
import { answerWithProgram } from './cgi-answer.ts'
import { PageFiles } from './page-files.ts'
import { serveStatic } from './static-file.ts'

/** What a page is told of the program that it shows. */
export interface PageInfo {
  /** The program and its arguments. */
  readonly title: string
  readonly mode: 'shared' | 'per-connection'
  /** The channel of a shared program's output. */
  readonly channel: string
  /** How a shared program ended, once it has for good. */
  readonly ended?: string | undefined
  /** The last line of a shared program that named columns, and its place in the channel. */
  readonly header?: { readonly line: string; readonly offset: number } | undefined
}

/** What is served beside the WebSockets of programs. */
export interface ExecHttpOptions
  extends Pick<
    ExecOptions,
    | 'credentials'
    | 'authorize'
    | 'allowOrigins'
    | 'allowHosts'
    | 'passEnv'
    | 'maxProcesses'
    | 'killLadder'
    | 'cwd'
    | 'reverseLookup'
  > {
  /** Shared with the programs' endpoint, so that both count together. */
  readonly admission: Admission
  /** A folder of files. Default: none. */
  readonly staticFolder?: string
  /** A folder of CGI programs: `/NAME` runs the file NAME to answer a request. Default: none. */
  readonly cgiFolder?: string
  /** Folders of other programs, of which no file is served. Default: none. */
  readonly programFolders?: readonly string[]
  /** What `/` shows: the program's lines, or its numbers over time. Default: neither. */
  readonly page?: 'log' | 'chart'
  /** What the page is told, whenever it asks. Default: that there is nothing. */
  readonly pageInfo?: () => PageInfo
  /** Headers of every answer. Default: none. */
  readonly headers?: Readonly<Record<string, string>>
  /** Largest body of a request to a CGI program, in bytes. Default 1 MiB. Above it 413. */
  readonly maxBodyBytes?: number
  /** How long a CGI program may take until the head of its answer is there, in milliseconds. Default 30,000. After that 504. */
  readonly cgiTimeoutMs?: number
  readonly onEvent?: (event: ExecEvent) => void
}

const DEFAULTS = { maxBodyBytes: 1024 * 1024, cgiTimeoutMs: 30_000 } as const

/** The plain requests beside programs on WebSockets: pages, files, CGI programs, behind the same doors. */
export class ExecHttp {
  readonly #options: ExecHttpOptions
  readonly #rules: ReturnType<typeof resolveExecOptions>
  readonly #maxBodyBytes: number
  readonly #cgiTimeoutMs: number
  readonly #table: ProcessTable
  readonly #pages = new PageFiles()

  /** Throws `ProgramsError` `ERR_PROGRAM_OPTION` for an option out of range. */
  constructor(options: ExecHttpOptions) {
    const { maxBodyBytes = DEFAULTS.maxBodyBytes, cgiTimeoutMs = DEFAULTS.cgiTimeoutMs } = options
    checkNumberOption('maxBodyBytes', maxBodyBytes, 0)
    checkNumberOption('cgiTimeoutMs', cgiTimeoutMs, 1)
    this.#options = options
    this.#maxBodyBytes = maxBodyBytes
    this.#cgiTimeoutMs = cgiTimeoutMs
    const { credentials, authorize, allowOrigins, allowHosts, passEnv, maxProcesses, killLadder, cwd } = options
    const { admission, onEvent, reverseLookup, cgiFolder = '.' } = options
    this.#rules = resolveExecOptions({
      folder: cgiFolder,
      admission,
      ...Object.fromEntries(
        Object.entries({
          ...{ credentials, authorize, allowOrigins, allowHosts, passEnv, maxProcesses, killLadder, cwd },
          ...{ onEvent, reverseLookup },
        }).filter(([, value]) => value !== undefined),
      ),
    })
    this.#table = new ProcessTable(this.#rules.maxProcesses)
  }

  /** Answers a request, whatever it is for. `server` is where it came in. */
  async answer(server: Server, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = this.#rules.admission.admitRequest(incoming, response) ?? this.#checkDoors(server, incoming)
    if (refusal !== undefined) {
      this.#answerText(response, refusal.status, refusal.message, refusal.headers)
      return
    }
    try {
      const request = this.#requestOf(incoming)
      const forbidden = await checkAccess(request, this.#rules)
      if (forbidden !== undefined) this.#answerText(response, forbidden.status, forbidden.message, forbidden.headers)
      else await this.#route(request, response)
    } catch (error) {
      console.error('Answering failed:', error)
      if (response.headersSent) response.destroy()
      else this.#answerText(response, 500, 'The server failed.')
    }
  }

  /** Ends every CGI program; resolves when none is left. */
  close(): Promise<void> {
    return this.#table.close()
  }

  async #route(request: AccessRequest, response: ServerResponse): Promise<void> {
    const { incoming, target } = request
    const path = originForm(target).split('?', 1)[0] ?? '/'
    if (this.#options.page !== undefined && this.#servePage(path, incoming, response)) return
    if (this.#options.cgiFolder !== undefined && (await this.#runCgi(path, request, response))) return
    if (this.#options.staticFolder !== undefined) {
      const { staticFolder: folder, cgiFolder, programFolders = [], headers = {} } = this.#options
      const without = cgiFolder === undefined ? programFolders : [...programFolders, cgiFolder]
      if (await serveStatic(path, incoming, response, { folder, without, headers })) return
    }
    const { page, staticFolder, cgiFolder } = this.#options
    if (page === undefined && staticFolder === undefined && cgiFolder === undefined)
      this.#answerText(response, 426, ONLY_WEBSOCKET, UPGRADE)
    else this.#answerText(response, 404, 'There is nothing here.')
  }

  #servePage(path: string, incoming: IncomingMessage, response: ServerResponse): boolean {
    const { page, pageInfo, headers = {} } = this.#options
    if (path === '/wigwag.json') {
      response.writeHead(200, { ...headers, 'content-type': 'application/json', 'cache-control': 'no-store' })
      response.end(JSON.stringify(pageInfo?.() ?? {}))
      return true
    }
    const file = path === '/' ? `/${page}.html` : path
    if (path === '/' && !this.#pages.has(file)) {
      this.#answerText(response, 503, 'The pages are not built; the WebSocket works. In a clone, run: npm run build')
      return true
    }
    return this.#pages.serve(file, incoming, response, headers)
  }

  async #runCgi(path: string, request: AccessRequest, response: ServerResponse): Promise<boolean> {
    const { incoming } = request
    const { source, onEvent, killLadder, passed, cwd, reverseLookup } = this.#rules
    const found = await findProgram(source, path)
    if ('why' in found) return false
    const foreign = this.#checkOrigin(incoming)
    if (foreign !== undefined) {
      this.#answerText(response, 403, foreign.message)
      return true
    }
    if (Number(incoming.headers['content-length'] ?? 0) > this.#maxBodyBytes) {
      this.#answerText(response, 413, `The body is larger than ${this.#maxBodyBytes} bytes.`, { connection: 'close' })
      return true
    }
    const known = checkCredentials(request, this.#rules)
    const user = known instanceof Refusal ? undefined : known
    try {
      const headers = new HeaderFields(incoming.rawHeaders)
      const described = await describeRequest({ ...request, headers }, { user, reverseLookup, uniqueId: randomUUID() })
      const env = cgiEnvironment(described, found, passed)
      const program = await this.#table.start(() => startProgram({ ...found, env, cwd }, killLadder))
      const { pid } = program
      onEvent({ type: 'started', pid, target: request.target, remoteAddress: request.remoteAddress })
      void program.ended.then((end) => onEvent({ type: 'ended', pid, end }))
      logLines(program.stderr, (line) => onEvent({ type: 'stderr', pid, line }))
      const why = await answerWithProgram(program, incoming, response, {
        maxBodyBytes: this.#maxBodyBytes,
        timeoutMs: this.#cgiTimeoutMs,
        headers: this.#options.headers ?? {},
      })
      if (why !== undefined) onEvent({ type: 'refused', target: request.target, status: response.statusCode, why })
    } catch (error) {
      if (!(error instanceof ProgramsError)) throw error
      const isFull = error.code === 'ERR_PROGRAM_LIMIT'
      onEvent({ type: 'refused', target: request.target, status: isFull ? 429 : 500, why: error.message })
      if (isFull)
        this.#answerText(response, 429, 'As many programs run as may; try again later.', { 'retry-after': '5' })
      else this.#answerText(response, 500, 'The program could not be started.')
    }
    return true
  }

  #requestOf(incoming: IncomingMessage): AccessRequest {
    const { clientAddress } = this.#rules.admission.callerOf(incoming)
    return { incoming, target: incoming.url ?? '/', remoteAddress: clientAddress }
  }

  /** Which names are answered, and pages of which origins: the same as for WebSockets. */
  #checkDoors(server: Server, incoming: IncomingMessage): Refusal | undefined {
    const { host } = incoming.headers
    const refusal =
      (host === undefined ? undefined : checkHost(host, hostPolicyOf(server, this.#rules.allowHosts))) ??
      (isLink(incoming) ? undefined : this.#checkOrigin(incoming))
    return refusal && refuse(403, refusal.message)
  }

  #checkOrigin(incoming: IncomingMessage): { readonly message: string } | undefined {
    const { allowOrigins, admission } = this.#rules
    return checkOrigin(new HeaderFields(incoming.rawHeaders), allowOrigins, admission.callerOf(incoming).peer)
  }

  #answerText(
    response: ServerResponse,
    status: number,
    text: string,
    headers: Readonly<Record<string, string>> = {},
  ): void {
    answerText(response, status, text, { ...this.#options.headers, ...headers })
  }
}

/**
 * Whether somebody follows a link, which browsers say of themselves (Fetch Metadata). Pages and files may be linked to from
 * anywhere; a program that is run for it may not, because another site can follow its own links.
 */
function isLink({ method, headers }: IncomingMessage): boolean {
  const { 'sec-fetch-mode': mode, 'sec-fetch-dest': destination, origin } = headers
  return method === 'GET' && origin === undefined && mode === 'navigate' && destination === 'document'
}

const ONLY_WEBSOCKET = 'This is a program behind a WebSocket: connect with ws://, as wigwag connect does.'
const UPGRADE = { upgrade: 'websocket', connection: 'close' }
