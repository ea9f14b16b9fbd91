import type { ProgramEnd } from '../process/running-program.ts'

/** What happens to terminals, for a log. What is typed and shown is never told. */
export type TerminalEvent =
  /** A program was started. */
  | { readonly type: 'started'; readonly pid: number; readonly session: number }
  /** It has ended. */
  | { readonly type: 'ended'; readonly pid: number; readonly session: number; readonly end: ProgramEnd }
  /** Somebody looks at a session. */
  | { readonly type: 'joined'; readonly session: number; readonly client: string; readonly mayWrite: boolean }
  /** And no more; `skippedBytes` is what a viewer was too slow for. */
  | { readonly type: 'left'; readonly session: number; readonly client: string; readonly skippedBytes: number }
  /** Somebody was not let in, and why. */
  | { readonly type: 'refused'; readonly client: string; readonly why: string }
  /** A recording cannot be written; the session goes on without. */
  | { readonly type: 'recording-failed'; readonly session: number; readonly why: string }
  /** The last client has left, whether or not its session stays. */
  | { readonly type: 'idle' }
