import { checkModeOption, checkNumberOption } from '../check-option.ts'
import { type ExecOptions, type ResolvedExecOptions, resolveExecOptions } from '../exec/exec-options.ts'
import { ProgramsError } from '../programs-error.ts'
import type { RestartPolicy } from './restart-policy.ts'

/** How one program is shared by all who come. */
export interface SharedOptions
  extends Omit<ExecOptions, 'folder' | 'stderr' | 'decidedBy' | 'maxProcesses' | 'warmProcesses' | 'requestLine'> {
  readonly command: readonly string[]
  /** The channel that its output is published to: `/channel/NAME` has it as an event stream, by polls, and with positions. Default `'output'`. */
  readonly channel?: string
  /** How many of the last messages who comes later is sent first (count). Default 100. */
  readonly historySize?: number
  /** Whether what clients send is its input. Default false: who sends anything is closed with 1008. */
  readonly input?: boolean
  /** Whether the last line that named columns is remembered (`columnHeader` of the endpoint), for who comes when it has left the history. Default false. */
  readonly rememberHeader?: boolean
  /** When it is started again: `'never'`, `'on-failure'` (a status other than 0, or a signal), `'always'`. Default `'on-failure'`. */
  readonly restart?: RestartPolicy
  /** How long after it has ended, in milliseconds; twice as long after each end that follows soon. Default 1,000. */
  readonly restartDelayMs?: number
  /** The longest, in milliseconds. Default 30,000. */
  readonly maxRestartDelayMs?: number
  /** Most bytes queued for a reader that is slower than the others. Default 4 MiB. Above it: close 1013; it may come back for the last lines. */
  readonly maxQueuedBytes?: number
}

/** `SharedOptions` with every default filled in. */
export type ResolvedSharedOptions = ResolvedExecOptions &
  Required<
    Pick<
      SharedOptions,
      | 'channel'
      | 'historySize'
      | 'input'
      | 'rememberHeader'
      | 'restart'
      | 'restartDelayMs'
      | 'maxRestartDelayMs'
      | 'maxQueuedBytes'
    >
  > & { readonly command: readonly string[] }

const DEFAULTS = {
  channel: 'output',
  historySize: 100,
  input: false,
  rememberHeader: false,
  restart: 'on-failure',
  restartDelayMs: 1000,
  maxRestartDelayMs: 30_000,
  maxQueuedBytes: 4 * 1024 * 1024,
} as const

/** The lowest value that each number takes. */
const LOWEST = { historySize: 0, restartDelayMs: 1, maxRestartDelayMs: 1, maxQueuedBytes: 1 } as const

/** Fills in the defaults. Throws as `resolveExecOptions` does. */
export function resolveSharedOptions(options: SharedOptions): ResolvedSharedOptions {
  const given = Object.fromEntries(
    Object.entries(options).filter(([name, value]) => name in DEFAULTS && value !== undefined),
  )
  const resolved = {
    ...resolveExecOptions(options),
    ...DEFAULTS,
    ...given,
    command: options.command,
  } as ResolvedSharedOptions
  for (const name of Object.keys(LOWEST) as (keyof typeof LOWEST)[])
    checkNumberOption(name, resolved[name], LOWEST[name])
  checkModeOption('restart', resolved.restart, ['never', 'on-failure', 'always'])
  if (resolved.restartDelayMs <= resolved.maxRestartDelayMs) return resolved
  throw new ProgramsError('ERR_PROGRAM_OPTION', 'Option restartDelayMs must not exceed maxRestartDelayMs.')
}
