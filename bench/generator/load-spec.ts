import type { Cell } from '../cell-table.ts'

/** What the load generator is asked to do. */
export interface LoadSpec {
  readonly cell: Cell
  /** Where the server listens, on 127.0.0.1. */
  readonly port: number
  /** The server's process, whose CPU time is read. */
  readonly serverPid: number
  readonly warmUpSecs: number
  readonly secs: number
}

/** What the load generator answers, as one line of JSON. */
export interface LoadReport {
  readonly secs: number
  /** Messages that arrived in the measured window. */
  readonly messages: number
  readonly serverCpuUs: number
  /** Share of user time in it; the rest is the kernel's. */
  readonly serverUserShare: number
  readonly generatorCpuUs: number
  readonly p50Us: number
  readonly p99Us: number
  /** Messages that were not as expected. */
  readonly wrong: number
  /** Connections that failed. */
  readonly lost: number
  /** Messages that had not come when the run was over; 0 when connections were lost, which explains it. */
  readonly missing: number
  readonly notes: readonly string[]
}
