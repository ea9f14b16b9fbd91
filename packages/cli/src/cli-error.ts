/** Exit codes: what a script can tell apart. */
export const ExitCode: { readonly failed: 1; readonly usage: 2 } = { failed: 1, usage: 2 }

/** An error that is told in one line and ends the command with an exit code: 2 when the command line is at fault, 1 otherwise. */
export class CliError extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode: number = ExitCode.failed) {
    super(message)
    this.name = 'CliError'
    this.exitCode = exitCode
  }
}

/** The line to tell of an error. Errors of the operating system say which call failed, which helps nobody. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message.split('\n', 1)[0] || error.name : String(error)
}
