import { CliError, ExitCode } from '../cli-error.ts'
import { listenAddresses } from '../listening/listen-address.ts'
import { checkListening, type ListeningOptions } from '../listening/listening-options.ts'

/** What `wigwag exec` was asked to do. */
export interface ExecCommandOptions extends ListeningOptions {
  readonly credential?: readonly string[]
  readonly decidedBy: 'server' | 'program'
  readonly binary?: boolean
  readonly passStderr?: boolean
  readonly passEnv?: readonly string[]
  readonly mode: 'per-connection' | 'shared' | 'pool'
  readonly warm: number
  readonly requestLine?: boolean
  readonly page?: 'log' | 'chart'
  readonly channel: string
  readonly history: number
  readonly input?: boolean
  readonly restart: 'never' | 'on-failure' | 'always'
  readonly static?: string
  readonly cgi?: string
  readonly dir?: string
  readonly cwd?: string
  readonly maxProcesses: number
  readonly maxLine: number
  readonly maxMessage: number
  readonly closeWait: number
  readonly interruptWait: number
  readonly terminateWait: number
  readonly origin?: readonly string[]
  readonly reverseLookup?: boolean
  readonly pingInterval: number
  readonly header?: Readonly<Record<string, string>>
  readonly headerWs?: Readonly<Record<string, string>>
  readonly headerHttp?: Readonly<Record<string, string>>
}

/** Refuses what would surprise: programs open to the world, half of a certificate, nothing to run. */
export function checkExecOptions(options: ExecCommandOptions, command: readonly string[]): void {
  const { host, port, credential, decidedBy, dir, cgi, mode, passStderr } = options
  if (command.length === 0 && dir === undefined && cgi === undefined) {
    throw new CliError(
      'Say what to run, as in: wigwag exec -- vmstat 1. Or a folder of programs with --dir.',
      ExitCode.usage,
    )
  }
  if (command.length > 0 && dir !== undefined) {
    throw new CliError('Either a program or --dir: give one of them.', ExitCode.usage)
  }
  if (
    mode === 'shared' &&
    (dir !== undefined || command.length === 0 || decidedBy === 'program' || passStderr === true)
  ) {
    throw new CliError(
      '--mode shared runs one program before anybody comes: it goes with a program, and not with --dir, --decided-by program or ' +
        '--pass-stderr.',
      ExitCode.usage,
    )
  }
  if (mode === 'pool' && (dir !== undefined || command.length === 0 || decidedBy === 'program')) {
    throw new CliError(
      '--mode pool starts programs before anybody comes: it goes with a program, and not with --dir or --decided-by program.',
      ExitCode.usage,
    )
  }
  const whoMay = (where: string): string =>
    `--host ${where} lets anyone who reaches this machine run the program. Say who may with --credential NAME:PASSWORD or ` +
    '--decided-by program, leave --host out to serve this machine only, or add --insecure if that is what you want.'
  const isDecided = credential !== undefined || onlyProgramsDecide(options)
  checkListening(options, listenAddresses(host, port), isDecided ? undefined : whoMay)
}

/** Whether everything that can be reached asks its program first. Pages, files and CGI programs do not. */
function onlyProgramsDecide({ decidedBy, page, static: files, cgi }: ExecCommandOptions): boolean {
  return decidedBy === 'program' && page === undefined && files === undefined && cgi === undefined
}
