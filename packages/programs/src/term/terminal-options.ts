import { hostname } from 'node:os'
import type { ServerOptions } from '@wigwag/socket'
import { Credentials } from '../access/credentials.ts'
import { checkNumberOption } from '../check-option.ts'
import { passedEnvironment } from '../process/passed-environment.ts'
import { ProgramsError } from '../programs-error.ts'
import type { TerminalEvent } from './terminal-event.ts'

type Served = Pick<
  ServerOptions,
  | 'admission'
  | 'trustedProxies'
  | 'addressLimits'
  | 'maxConnections'
  | 'allowOrigins'
  | 'allowHosts'
  | 'handshakeTimeoutMs'
  | 'pingIntervalMs'
  | 'pongTimeoutMs'
  | 'perMessageDeflate'
>

/** Which program, who may use it, and what becomes of it when they leave. */
export interface TerminalOptions extends Served {
  /** The program and its arguments. No shell reads them. */
  readonly command: readonly string[]
  /** Its working directory. Default: ours. */
  readonly cwd?: string
  /** Names of our variables that it gets besides `TERM`. Default: PATH, HOME, USER, LOGNAME, SHELL, LANG, LC_ALL, TZ. */
  readonly passEnv?: readonly string[]
  /** What it is told its terminal is (`TERM`). Default `xterm-256color`. */
  readonly terminalType?: string
  /** Whether what is typed reaches it. Default false: everybody reads. */
  readonly writable?: boolean
  /** Whether `?arg=` of the URL become arguments behind those of `command`. Default false. */
  readonly urlArgs?: boolean
  /** `'each'`: every client that brings no key of a session gets a program of its own; `'shared'`: one for all. Default `'each'`. */
  readonly sessions?: 'each' | 'shared'
  /** How long a session stays when nobody looks, in milliseconds, so that one can come back to it. Default 0: not at all. */
  readonly keepMs?: number
  /** Most sessions, kept ones included. Default 32. Above it: 1013. */
  readonly maxSessions?: number
  /** Most clients at once; 0 sets no limit. Default 0. Above it: 503. */
  readonly maxClients?: number
  /** Lets one client in, and nobody after it. Default false. */
  readonly once?: boolean
  /** How much of a session's output is kept for who comes back or late, in bytes. Default 1 MiB, at least 256 KiB. */
  readonly scrollbackBytes?: number
  /** How many lines of it somebody who comes late is shown (count). Default 1,000. */
  readonly shareLines?: number
  /** Everything is served below this path, as in `/term`. Default: none. */
  readonly basePath?: string
  /** Who may come in: `NAME:PASSWORD` each. Default: everybody whom Host and origin policies let through. */
  readonly credentials?: readonly string[]
  /** What the window is called. Default: the command, and the name of the machine, as ttyd has it. */
  readonly title?: string
  /** Options of xterm.js and of the page, by name: `fontSize`, `disableLeaveAlert`. */
  readonly preferences?: Readonly<Record<string, unknown>>
  /** The signal that a program is sent first when its session is over. Default SIGHUP. */
  readonly signal?: NodeJS.Signals
  /** How long it has behind that, and again behind SIGTERM, before SIGKILL, in milliseconds. Default 500. */
  readonly endGraceMs?: number
  /** The asciicast file that sessions are recorded to; further ones get a number. Default: none. */
  readonly recordTo?: string
  /** Largest message accepted, in bytes: what is typed or pasted at once. Default 1 MiB. Above it: close 1009. */
  readonly maxMessageBytes?: number
  /** How long a client may take to say who it is, in milliseconds. Default 10,000. Then: 1008. */
  readonly helloTimeoutMs?: number
  /** Told of sessions and clients that come and go. */
  readonly onEvent?: (event: TerminalEvent) => void
}

/** The options that have one. */
type Defaults = Required<
  Pick<
    TerminalOptions,
    | 'terminalType'
    | 'writable'
    | 'urlArgs'
    | 'sessions'
    | 'keepMs'
    | 'maxSessions'
    | 'maxClients'
    | 'once'
    | 'scrollbackBytes'
    | 'shareLines'
    | 'basePath'
    | 'preferences'
    | 'signal'
    | 'endGraceMs'
    | 'maxMessageBytes'
    | 'helloTimeoutMs'
  >
>

const DEFAULTS: Defaults = {
  terminalType: 'xterm-256color',
  writable: false,
  urlArgs: false,
  sessions: 'each',
  keepMs: 0,
  maxSessions: 32,
  maxClients: 0,
  once: false,
  scrollbackBytes: 1024 * 1024,
  shareLines: 1000,
  basePath: '',
  signal: 'SIGHUP',
  endGraceMs: 500,
  maxMessageBytes: 1024 * 1024,
  helloTimeoutMs: 10_000,
  preferences: {},
}

/** What a shell needs to be somebody's. */
const PASSED = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LC_ALL', 'TZ'] as const

const LOWEST: Readonly<Record<string, number>> = {
  keepMs: 0,
  maxSessions: 1,
  maxClients: 0,
  // More than the kernel and the pace of a program can be ahead of a reader.
  scrollbackBytes: 256 * 1024,
  shareLines: 0,
  endGraceMs: 0,
  maxMessageBytes: 1,
  helloTimeoutMs: 1,
}

/** `TerminalOptions` with every default filled in. */
export interface ResolvedTerminalOptions extends Defaults {
  readonly command: readonly string[]
  readonly title: string
  readonly cwd: string | undefined
  readonly env: Readonly<Record<string, string>>
  readonly credentials: Credentials | undefined
  readonly recordTo: string | undefined
  readonly onEvent: (event: TerminalEvent) => void
}

/** Fills in the defaults. Throws `ProgramsError` `ERR_PROGRAM_OPTION` that names the option and what it takes. */
export function resolveTerminalOptions(options: TerminalOptions): ResolvedTerminalOptions {
  const given = Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as TerminalOptions
  const resolved = { ...DEFAULTS, ...given }
  for (const [name, lowest] of Object.entries(LOWEST)) {
    checkNumberOption(name, resolved[name as keyof Defaults], lowest)
  }
  const { command, basePath, sessions } = resolved
  if (command.length === 0 || command[0] === '') throw option('command', 'a program and its arguments')
  if (basePath !== '' && !/^(\/[\w.~-]+){1,16}$/.test(basePath)) throw option('basePath', 'a path such as /term')
  if (sessions !== 'each' && sessions !== 'shared') throw option('sessions', `'each' or 'shared'`)
  const { credentials, passEnv = PASSED, cwd, recordTo, onEvent = () => {} } = given
  return {
    ...resolved,
    title: given.title ?? `${command.join(' ')} (${hostname()})`,
    cwd,
    env: passedEnvironment(passEnv),
    credentials: credentials && new Credentials(credentials),
    recordTo,
    onEvent,
  }
}

function option(name: string, what: string): ProgramsError {
  return new ProgramsError('ERR_PROGRAM_OPTION', `Option ${name} takes ${what}.`)
}
