import { type Command, InvalidArgumentError, Option } from 'commander'
import {
  collectAddresses,
  collectHosts,
  collectOrigins,
  parseDuration,
  parseLimit,
  parsePort,
} from '../argument-parsers.ts'
import { CliError, ExitCode } from '../cli-error.ts'
import type { HttpOptions } from './http-listeners.ts'
import { collectListenHosts, findPublic, type ListenAddress } from './listen-address.ts'

/** What `--allow-origin`, `--allow-host` and `--trusted-proxy` were given. */
export interface DoorOptions {
  readonly allowOrigin?: readonly string[]
  readonly allowHost?: readonly string[]
  readonly trustedProxy?: readonly string[]
}

/** What every command has that serves HTTP at an address. */
export interface ListeningOptions extends HttpOptions, DoorOptions {
  readonly port: number
  readonly host?: readonly string[]
  readonly insecure?: boolean
  readonly maxConnections: number
  readonly logLevel: string
}

/** Letters that a command's users know from elsewhere, as in `-i, `. */
export interface Letters {
  readonly host?: string
  readonly socketOwner?: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly tlsClientCa?: string
}

/** Adds where to listen. `insecure` says what it allows. */
export function addAddressOptions(
  command: Command,
  defaultPort: number,
  insecure: string,
  letters: Letters = {},
): Command {
  command
    .option('-p, --port <number>', 'port to listen on; 0 takes any free one', parsePort, defaultPort)
    .option(
      `${letters.host ?? ''}--host <address>`,
      'address, network interface or unix:/path to listen on (repeatable; default: 127.0.0.1)',
      collectListenHosts,
    )
    .option('--insecure', insecure)
    .option('--redirect-port <number>', 'with TLS: send plain http that comes to this port on to https', parsePort)
  return addSocketOptions(command, letters)
}

/** Adds who may use a unix socket. */
export function addSocketOptions(command: Command, letters: Letters = {}): Command {
  return command
    .option('--socket-mode <octal>', 'permissions of a unix socket, as in 660', parseMode)
    .option(`${letters.socketOwner ?? ''}--socket-owner <user:group>`, 'whom a unix socket belongs to')
}

/** Adds who is let in, and whose word is taken for who that is. */
export function addDoorOptions(command: Command): Command {
  return command
    .option('--allow-origin <origin>', 'let pages of this origin in as well (repeatable; * for all)', collectOrigins)
    .option('--allow-host <name>', 'answer to this Host name as well (repeatable; * for all)', collectHosts)
    .option(
      '--trusted-proxy <address>',
      'believe X-Forwarded-For and -Host of this address, subnet (10.0.0.0/8) or loopback (repeatable)',
      collectAddresses,
    )
}

/** Adds what is true of each connection, and what is logged. */
export function addServerOptions(command: Command, maxConnections: number, letters: Letters = {}): Command {
  return command
    .option('--max-connections <count>', 'most connections in total; above it 503', parseLimit, maxConnections)
    .addOption(duration('--header-timeout', 'how long a request head may take to come; then 408', 10_000, '10s'))
    .addOption(duration('--request-timeout', 'how long a whole request may take to come; then 408', 30_000, '30s'))
    .option('--max-header <bytes>', 'largest request head accepted; above it 431', parseLimit, 16 * 1024)
    .option(`${letters.tlsCert ?? ''}--tls-cert <file>`, 'serve https: certificate chain (PEM)')
    .option(`${letters.tlsKey ?? ''}--tls-key <file>`, 'serve https: private key (PEM)')
    .option(
      `${letters.tlsClientCa ?? ''}--tls-client-ca <file>`,
      'let in only who has a certificate of this authority (PEM)',
    )
    .addOption(
      new Option('--log-level <level>', 'what is logged, to stderr as JSON')
        .choices(['debug', 'info', 'warn', 'error', 'silent'])
        .default('info'),
    )
}

/** An option that takes a duration from 1 ms up. */
export function duration(flag: string, what: string, defaultMs: number, shown: string): Option {
  return new Option(`${flag} <duration>`, what).argParser(parseDuration).default(defaultMs, shown)
}

/** What the libraries are told of the doors. */
export function doorPolicies({ allowOrigin, allowHost, trustedProxy }: DoorOptions): {
  readonly allowOrigins?: readonly string[] | 'any'
  readonly allowHosts?: readonly string[] | 'any'
  readonly trustedProxies?: readonly string[]
} {
  return {
    ...(allowOrigin && { allowOrigins: anyOr(allowOrigin) }),
    ...(allowHost && { allowHosts: anyOr(allowHost) }),
    ...(trustedProxy && { trustedProxies: trustedProxy }),
  }
}

function anyOr(names: readonly string[]): readonly string[] | 'any' {
  return names.includes('*') ? 'any' : names
}

/**
 * Refuses what would surprise: an address that others reach where nobody decides who comes in, half of a certificate, a part
 * longer than the whole. `whoMay` says what anybody could do at that address, and how to let in some; nothing where
 * somebody decides.
 */
export function checkListening(
  options: Pick<ListeningOptions, 'insecure'> & HttpOptions,
  addresses: readonly ListenAddress[],
  whoMay: ((host: string) => string) | undefined,
): void {
  const { insecure, tlsCert, tlsKey, tlsClientCa, redirectPort, headerTimeout, requestTimeout } = options
  const open = findPublic(addresses)
  if (open !== undefined && insecure !== true && tlsClientCa === undefined && whoMay !== undefined)
    throw usage(whoMay(open))
  if ((tlsCert === undefined) !== (tlsKey === undefined))
    throw usage('--tls-cert and --tls-key go together: give both, or neither.')
  const lone =
    tlsClientCa !== undefined ? '--tls-client-ca' : redirectPort !== undefined ? '--redirect-port' : undefined
  if (lone !== undefined && tlsCert === undefined) throw usage(`${lone} goes with --tls-cert and --tls-key.`)
  if (headerTimeout > requestTimeout) {
    throw usage(
      `--header-timeout (${headerTimeout} ms) is part of --request-timeout (${requestTimeout} ms), and cannot be longer.`,
    )
  }
}

function usage(what: string): CliError {
  return new CliError(what, ExitCode.usage)
}

function parseMode(text: string): number {
  if (/^0?[0-7]{3}$/.test(text)) return Number.parseInt(text, 8)
  throw new InvalidArgumentError('Permissions are three octal digits: 660 lets owner and group connect.')
}
