import { CliError, ExitCode } from '../cli-error.ts'
import { listenAddresses } from '../listening/listen-address.ts'
import { checkListening, type ListeningOptions } from '../listening/listening-options.ts'

/** What `wigwag term` was asked to do. */
export interface TermCommandOptions extends ListeningOptions {
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
}

/** Refuses what would surprise: a terminal open to the world, half of a certificate, nothing to run. */
export function checkTermOptions(options: TermCommandOptions, command: readonly string[]): void {
  const { host, port, credential, writable } = options
  if (command.length === 0) {
    throw new CliError('Say what to run, as in: wigwag term --writable -- bash', ExitCode.usage)
  }
  const whoMay = (where: string): string =>
    `--host ${where} lets anyone who reaches this machine ${writable === true ? 'use' : 'see'} the terminal. Say who may with ` +
    '--credential NAME:PASSWORD, leave --host out to serve this machine only, or add --insecure if that is what you want.'
  checkListening(options, listenAddresses(host, port), credential === undefined ? whoMay : undefined)
}
