import type { ProgramEnd } from '../process/running-program.ts'

/** What happens to the programs of an endpoint, for a log. */
export type ExecEvent =
  | { readonly type: 'started'; readonly pid: number; readonly target: string; readonly remoteAddress: string }
  | { readonly type: 'ended'; readonly pid: number; readonly end: ProgramEnd }
  /** A line that a program wrote to stderr. */
  | { readonly type: 'stderr'; readonly pid: number; readonly line: string }
  /** A program wrote a line that is longer than may be, and is ended. */
  | { readonly type: 'line-too-long'; readonly pid: number; readonly maxLineBytes: number }
  /** A program could not be started, or did not decide on its client; the client was answered with `status`. */
  | { readonly type: 'refused'; readonly target: string; readonly status: number; readonly why: string }
