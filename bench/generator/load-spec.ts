import type { Cell } from '../cell.ts'

/** Whether a server speaks WebSocket, or sends every byte back as it came. */
export type Protocol = 'websocket' | 'bytes'

/**
 * How a subject's sessions are spoken to: `'centrifuge'` and `'socket.io'` are protocols of push servers; `'json'` is what a
 * loop sends that was written by hand, `'data'` a channel without a protocol: the publication's data alone.
 */
export type SessionProtocol = 'centrifuge' | 'socket.io' | 'json' | 'data'

/** A process whose use of the machine is read. */
export interface WatchedProcess {
  readonly name: string
  /** `'server'` is the subject's own; `'service'` is what it needs beside itself, and is told apart. */
  readonly role: 'server' | 'service'
  readonly pid: number
}

/** What the load generator is asked to do. */
export interface LoadSpec {
  readonly cell: Cell
  readonly protocol: Protocol
  /** In cells of sessions. */
  readonly sessionProtocol?: SessionProtocol
  /** Where to connect and where to publish, on 127.0.0.1: the same port unless the subject has two processes. */
  readonly connectPort: number
  readonly publishPort: number
  readonly processes: readonly WatchedProcess[]
  /** How long to wait after connections were opened, and before memory is read. */
  readonly settleSecs: number
  readonly warmUpSecs: number
  readonly secs: number
  /** How long to wait, when all is over, for what is in flight. */
  readonly drainSecs: number
}

/** What went wrong in a run. */
export interface LoadFaults {
  /** Messages that were not as expected. */
  readonly wrong: number
  /** Connections that failed. */
  readonly lost: number
  /** Messages that had not come when the run was over; 0 when something else was wrong, which explains it. */
  readonly missing: number
  readonly notes: readonly string[]
}

/** CPU time of one process over the measured window. */
export interface ProcessUse {
  readonly name: string
  readonly role: WatchedProcess['role']
  readonly cpuUs: number
  /** Share of user time in it; the rest is the kernel's. */
  readonly userShare: number
}

/** Latency with half as many publications a second as the server can deliver, sent whether or not earlier ones have come. */
export interface HalfLoad {
  readonly publicationsPerSec: number
  readonly p50Us: number
  readonly p99Us: number
  readonly p999Us: number
}

/** What a run of messages or handshakes gave. */
export interface TrafficReport {
  readonly kind: 'traffic'
  /** Who made the load: the program in C, or the one in TypeScript. */
  readonly generator: 'c' | 'node'
  readonly secs: number
  /** Messages that arrived in the measured window, or handshakes that were done. */
  readonly messages: number
  readonly processes: readonly ProcessUse[]
  readonly generatorCpuUs: number
  readonly p50Us: number
  readonly p99Us: number
  /** In cells of sessions. */
  readonly halfLoad?: HalfLoad
  readonly faults: LoadFaults
}

/** What a run of idle connections gave: memory of the server's processes, in bytes. */
export interface MemoryReport {
  readonly kind: 'memory'
  readonly connections: number
  /** Before the first connection of the cell, when those of the warm-up have gone. */
  readonly rssBefore: number
  /** With all connections open, nothing sent. */
  readonly rssIdle: number
  /** After one echo on each, or a publication to all. */
  readonly rssEchoed: number
  readonly faults: LoadFaults
}

/** What the load generator answers, as one line of JSON. */
export type LoadReport = TrafficReport | MemoryReport
