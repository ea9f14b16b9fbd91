import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Admission } from '@wigwag/socket'
import { type AdmissionOptions, type HostPolicy, type OriginPolicy, resolveAdmission } from '@wigwag/socket'
import { Credentials } from '../access/credentials.ts'
import { checkModeOption, checkNumberOption } from '../check-option.ts'
import { type KillLadderOptions, type ResolvedKillLadder, resolveKillLadder } from '../process/kill-ladder.ts'
import { passedEnvironment } from '../process/passed-environment.ts'
import { ProgramsError } from '../programs-error.ts'
import type { ExecEvent } from './exec-event.ts'

/** Who wants to come in: over a WebSocket, or with a plain request. */
export interface AccessRequest {
  /** Path and query as they were sent. */
  readonly target: string
  /** The client's address; behind a trusted proxy what that says of it. */
  readonly remoteAddress: string
  readonly incoming: IncomingMessage
}

/** How programs are served over WebSockets. */
export interface ExecOptions extends AdmissionOptions {
  /** The program and its arguments, as they reach it: there is no shell between. Either this or `folder`. */
  readonly command?: readonly string[]
  /** A folder of programs: `/NAME` runs the file NAME, which must be executable. Either this or `command`. */
  readonly folder?: string
  /** The programs' working directory. Default: ours. */
  readonly cwd?: string
  /** `'lines'`: a line of output is a text message, and a message is a line of input. `'binary'`: bytes as they come. Default `'lines'`. */
  readonly format?: 'lines' | 'binary'
  /** `'log'`: lines of stderr are told to `onEvent`. `'pass'`: messages are `{"stream": "stdout" or "stderr", "data": …}`. Default `'log'`. */
  readonly stderr?: 'log' | 'pass'
  /** Names of variables of our environment that programs get besides those of the request. Default: PATH, and where libraries are. */
  readonly passEnv?: readonly string[]
  /** Most programs that run at once (count). Default 256. Above it 429. 0 sets no limit. */
  readonly maxProcesses?: number
  /**
   * How many programs are started before anybody comes and wait for a client each (count), to spare it the time that starting
   * takes. They know nothing of their client but what `requestLine` tells. Call `start` then. Default 0. With `command` only,
   * and not with `decidedBy: 'program'`.
   */
  readonly warmProcesses?: number
  /** Whether the first line of a program's input is a JSON object of what is known of the request, as CGI names it. Default false. */
  readonly requestLine?: boolean
  /** Longest line that a program may write, in bytes. Default 1 MiB. Above it: close 1011, and the program is ended. */
  readonly maxLineBytes?: number
  /** Largest message accepted of a client, in bytes. Default 1 MiB. Above it: close 1009. */
  readonly maxMessageBytes?: number
  /** How long a program has at each step of its end. */
  readonly killLadder?: KillLadderOptions
  /** Names and passwords (`NAME:PASSWORD`) for HTTP Basic; others get 401. Default: everybody the origin and Host policies let through. */
  readonly credentials?: readonly string[]
  /**
   * Decides on a client before its program is started: `refuse(403, …)`, or a promise of it, keeps it out, anything else lets it
   * in. Default: everybody.
   */
  readonly authorize?: (request: AccessRequest) => unknown
  /**
   * Who has the last word: `'server'`, or `'program'`, which then begins with a CGI head: `Status: 101` and an empty line let
   * the client in, another status refuses it. Default `'server'`.
   */
  readonly decidedBy?: 'server' | 'program'
  /** How long all of that may take, in milliseconds. Default 10,000. After that: 503, and the program is ended. */
  readonly handshakeTimeoutMs?: number
  /** Which web pages may connect: `'same-origin'` (default), a list of origins besides it, or `'any'`. Others get 403. */
  readonly allowOrigins?: OriginPolicy
  /** Which `Host` names are answered. Default: loopback names when listening on loopback, any otherwise. Others get 403. */
  readonly allowHosts?: HostPolicy
  /** Counts that are shared with other servers, instead of `trustedProxies`, `addressLimits` and `maxConnections`. Default: counts of its own. */
  readonly admission?: Admission
  /** Whether `REMOTE_HOST` is the name of the client's address; looking it up takes time. Default false: it is the address. */
  readonly reverseLookup?: boolean
  /** Silence after which a client is pinged, in milliseconds, ±10 %. Default 25,000. 0 sends none. */
  readonly pingIntervalMs?: number
  /** Further headers of the answer that accepts a WebSocket. Default: none. */
  readonly upgradeHeaders?: Readonly<Record<string, string>>
  /** Told what happens to programs. Default: nobody. */
  readonly onEvent?: (event: ExecEvent) => void
}

/** `ExecOptions` with every default filled in. */
export type ResolvedExecOptions = Required<
  Omit<
    ExecOptions,
    'command' | 'folder' | 'cwd' | 'allowHosts' | 'credentials' | 'killLadder' | 'passEnv' | keyof AdmissionOptions
  >
> &
  Pick<ExecOptions, 'cwd' | 'allowHosts'> & {
    readonly source: { readonly command: readonly string[] } | { readonly folder: string }
    readonly credentials: Credentials | undefined
    readonly killLadder: ResolvedKillLadder
    /** What programs get of our environment. */
    readonly passed: Readonly<Record<string, string>>
    readonly createId: () => string
  }

const DEFAULTS = {
  format: 'lines',
  stderr: 'log',
  maxProcesses: 256,
  warmProcesses: 0,
  requestLine: false,
  maxLineBytes: 1024 * 1024,
  maxMessageBytes: 1024 * 1024,
  authorize: () => true,
  decidedBy: 'server',
  handshakeTimeoutMs: 10_000,
  allowOrigins: 'same-origin',
  reverseLookup: false,
  pingIntervalMs: 25_000,
  upgradeHeaders: {},
  onEvent: () => {},
} as const

/** The lowest value that each number takes. */
const LOWEST = {
  maxProcesses: 0,
  warmProcesses: 0,
  maxLineBytes: 1,
  maxMessageBytes: 1,
  handshakeTimeoutMs: 1,
  pingIntervalMs: 0,
} as const

/**
 * Fills in the defaults. Throws `ProgramsError` `ERR_PROGRAM_OPTION`, or for the doors `UsageError` `ERR_OPTION`, that names the
 * option and what it takes.
 */
export function resolveExecOptions(options: ExecOptions): ResolvedExecOptions {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const { credentials } = options
  const resolved = {
    ...DEFAULTS,
    ...given,
    source: sourceOf(options),
    credentials: credentials && new Credentials(credentials),
    killLadder: resolveKillLadder(options.killLadder),
    passed: passedEnvironment(options.passEnv),
    admission: resolveAdmission(options),
    createId: randomUUID,
  } as ResolvedExecOptions
  for (const name of Object.keys(LOWEST) as (keyof typeof LOWEST)[])
    checkNumberOption(name, resolved[name], LOWEST[name])
  checkModeOption('format', resolved.format, ['lines', 'binary'])
  checkModeOption('stderr', resolved.stderr, ['log', 'pass'])
  checkModeOption('decidedBy', resolved.decidedBy, ['server', 'program'])
  if (resolved.warmProcesses > 0 && ('folder' in resolved.source || resolved.decidedBy === 'program')) {
    throw new ProgramsError(
      'ERR_PROGRAM_OPTION',
      "Option warmProcesses is for one command, and not with decidedBy: 'program': who waits knows nothing of its client.",
    )
  }
  return resolved
}

function sourceOf({ command, folder }: ExecOptions): ResolvedExecOptions['source'] {
  if (command !== undefined && command.length > 0 && folder === undefined) return { command }
  if (folder !== undefined && command === undefined) return { folder }
  throw new ProgramsError('ERR_PROGRAM_OPTION', 'Say what to run: either command, with the program first, or folder.')
}
