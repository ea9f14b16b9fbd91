import type { Socket } from 'node:net'
import type { KeptBytes } from './kept-bytes.ts'
import type { LateWrites } from './late-writes.ts'

/** Who is told of what happens to a bare socket, besides its reader. */
export interface BareSocketListener {
  readonly event: 'close' | 'end'
  readonly call: () => void
  readonly once: boolean
}

/** What a bare socket has when it is not just open, read, and written at once: one that is idle shares `QUIET` with all others. */
export class BareSocketState {
  paused = false
  /** The peer's FIN has come, or ours has gone out. */
  readEnd: 'no' | 'kept' | 'told' = 'no'
  writeEnd: 'no' | 'asked' | 'done' = 'no'
  closed = false
  error: Error | undefined
  /** What came while nobody read. */
  kept: KeptBytes | undefined
  /** There while a write is pending: what came behind it. */
  late: LateWrites | undefined
  whenEnded: ((error?: Error) => void)[] | undefined
  listeners: BareSocketListener[] | undefined
  /** What it has become. */
  net: Socket | undefined
}

/** Never changed. */
export const QUIET: Readonly<BareSocketState> = new BareSocketState()
