/**
 * What went wrong with a program. `ERR_PROGRAM_START`: it could not be started. `ERR_PROGRAM_LIMIT`: as many run as may.
 * `ERR_PROGRAM_OPTION`: an option is out of range, the caller's fault. `ERR_PROGRAM_CLOSED`: nothing is started any more.
 * `ERR_BRIDGE_TARGET`: what a bridge leads to cannot be reached. `ERR_BRIDGE_TIMEOUT`: it did not answer in time.
 * `ERR_BRIDGE_LISTEN`: the address cannot be listened on.
 */
export type ProgramsErrorCode =
  | 'ERR_PROGRAM_START'
  | 'ERR_PROGRAM_LIMIT'
  | 'ERR_PROGRAM_OPTION'
  | 'ERR_PROGRAM_CLOSED'
  | 'ERR_BRIDGE_TARGET'
  | 'ERR_BRIDGE_TIMEOUT'
  | 'ERR_BRIDGE_LISTEN'

/** An error of this package: `code` is for programs, `message` says what happened and what to do. */
export class ProgramsError extends Error {
  readonly code: ProgramsErrorCode

  constructor(code: ProgramsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ProgramsError'
    this.code = code
  }
}
