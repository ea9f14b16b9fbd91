/** A way through a line: to the server, or to the client. */
export type LineDirection = 'up' | 'down'

/** How a line ends: as after a crash or a firewall's time-out (RST), or as a program that leaves would end it (FIN). */
export type CutHow = 'reset' | 'end'

/** What a line does to what it carries. What is left out is as in `HEALTHY`. */
export interface LineConditions {
  /** In which directions nothing gets through, neither bytes nor their end: a half-open line. Nobody is told. */
  readonly stalled: readonly LineDirection[]
  /** How much later everything arrives, in milliseconds, in each direction. */
  readonly delayMs: number
  /** How many bytes a second get through, in each direction. */
  readonly bytesPerSecond: number
  /** How many bytes a line carries in one direction before it is cut; counted from its beginning. */
  readonly cutAfter: { readonly direction: LineDirection; readonly bytes: number; readonly how: CutHow } | undefined
}

/** A line without faults. */
export const HEALTHY: LineConditions = {
  stalled: [],
  delayMs: 0,
  bytesPerSecond: Number.POSITIVE_INFINITY,
  cutAfter: undefined,
}
