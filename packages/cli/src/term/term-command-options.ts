import { isLoopbackAddress } from '@wigwag/socket'
import { CliError, ExitCode } from '../cli-error.ts'
import type { ListenOptions } from '../http-server.ts'

/** What `wigwag term` was asked to do. */
export interface TermCommandOptions extends ListenOptions {
  readonly insecure?: boolean
  readonly credential?: readonly string[]
  readonly writable?: boolean
  readonly shared?: boolean
  readonly keep: number
  readonly record?: string
  readonly urlArg?: boolean
  readonly once?: boolean
  readonly exitNoConn?: boolean
  readonly maxClients: number
  readonly maxSessions: number
  readonly basePath: string
  readonly cwd?: string
  readonly passEnv?: readonly string[]
  readonly terminalType: string
  readonly signal: NodeJS.Signals
  readonly title?: string
  readonly clientOption?: Readonly<Record<string, unknown>>
  readonly scrollback: number
  readonly shareLines: number
  readonly pingInterval: number
  readonly maxConnections: number
  readonly allowOrigin?: readonly string[]
  readonly allowHost?: readonly string[]
  readonly trustedProxy?: readonly string[]
  readonly logLevel: string
}

/** Refuses what would surprise: a terminal open to the world, half of a certificate, nothing to run. */
export function checkTermOptions(options: TermCommandOptions, command: readonly string[]): void {
  const { host, insecure, credential, writable, tlsCert, tlsKey } = options
  if (command.length === 0) throw usage('Say what to run, as in: wigwag term --writable -- bash')
  if (!isLoopbackAddress(host) && insecure !== true && credential === undefined) {
    throw usage(
      `--host ${host} lets anyone who reaches this machine ${writable === true ? 'use' : 'see'} the terminal. Say who may with ` +
        '--credential NAME:PASSWORD, leave --host out to serve this machine only, or add --insecure if that is what you want.',
    )
  }
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw usage('--tls-cert and --tls-key go together: give both, or neither.')
  }
}

function usage(what: string): CliError {
  return new CliError(what, ExitCode.usage)
}
