import { bytesInName, type Cell, type Compression, type MessageCell, type MessageFormat } from './cell.ts'

const KIB = 1024
const MIB = 1024 * 1024
const FAN_OUT_BYTES = 128
const ONE_ECHO_BYTES = 125
const TAKEOVERS = ['no-takeover', 'takeover-4KiB'] as const

/** Every cell, in the order in which it is run and printed. Add one here. */
export const CELLS: readonly Cell[] = [
  ...[16, 125, KIB].flatMap((payloadBytes) => echoes(payloadBytes, 'text', [1, 64, 1000], [1, 32])),
  ...[16, 125, KIB].flatMap((payloadBytes) => echoes(payloadBytes, 'binary', [64], [1, 32])),
  ...echoes(KIB, 'non-ascii', [64], [1]),
  ...echoes(16 * KIB, 'text', [1, 64, 1000], [1]),
  // 32 in flight on 1,000 connections would be 512 MiB on the way: a test of the machine's memory, not of servers.
  ...echoes(16 * KIB, 'text', [1, 64], [32]),
  ...echoes(16 * KIB, 'binary', [64], [1, 32]),
  ...echoes(64 * KIB, 'binary', [16], [1]),
  // Large enough that more connections or more in flight measure nothing else, and again only fill memory.
  ...echoes(MIB, 'text', [1, 4], [1]),
  ...echoes(MIB, 'binary', [1, 4], [1]),
  ...fanOuts('fan-out', [100, 1000, 5000], [1, 16]),
  ...fanOuts('cluster', [100, 1000], [1, 16]),
  ...sessions([1, 100, 1000, 5000], [1, 16]),
  {
    name: 'session-memory-5000',
    workload: 'session-memory',
    connections: 5000,
    depth: 1,
    payloadBytes: FAN_OUT_BYTES,
    format: 'json',
  },
  { name: 'handshake-16', workload: 'handshake', slots: 16 },
  {
    name: 'memory-5000',
    workload: 'memory',
    connections: 5000,
    depth: 1,
    payloadBytes: ONE_ECHO_BYTES,
    format: 'text',
  },
  ...[128, KIB, 16 * KIB].flatMap((payloadBytes) => compressed('echo', payloadBytes, 64, TAKEOVERS)),
  ...[150, KIB].flatMap((payloadBytes) => compressed('fan-out', payloadBytes, 1000, TAKEOVERS)),
  // With one in flight a system call for each message is most of it.
  ...compressed('fan-out', 150, 1000, TAKEOVERS, 16),
  ...compressed('memory', KIB, 5000, ['no-takeover', 'takeover-4KiB', 'browser']),
]

/** Cells of `--quick`: one of each kind, where the subjects differ for different reasons. */
export const QUICK_CELLS: readonly string[] = [
  'echo-125B-c64-d1', // the price of a system call and an event for each message
  'echo-125B-c64-d32', // parsing and writing, many messages a read
  'echo-16KiB-binary-c64-d1', // unmasking and copying
  'fan-out-1000-d1',
  'fan-out-1000-d16',
  'handshake-16',
  'memory-5000',
]

function echoes(
  payloadBytes: number,
  format: MessageFormat,
  connections: readonly number[],
  depths: readonly number[],
): MessageCell[] {
  const message = bytesInName(payloadBytes) + (format === 'text' ? '' : `-${format}`)
  return connections.flatMap((count) =>
    depths.map((depth) => ({
      name: `echo-${message}-c${count}-d${depth}`,
      workload: 'echo',
      connections: count,
      depth,
      payloadBytes,
      format,
    })),
  )
}

function compressed(
  workload: 'echo' | 'fan-out' | 'memory',
  payloadBytes: number,
  connections: number,
  compressions: readonly Compression[],
  depth: number = 1,
): MessageCell[] {
  return compressions.map((compression) => ({
    name: `deflate-${workload}-${bytesInName(payloadBytes)}-${compression}-c${connections}${depth === 1 ? '' : `-d${depth}`}`,
    workload,
    connections,
    depth,
    payloadBytes,
    format: 'json',
    compression,
  }))
}

function sessions(counts: readonly number[], depths: readonly number[]): MessageCell[] {
  return counts.flatMap((connections) =>
    depths.map((depth) => ({
      name: `sessions-${connections}-d${depth}`,
      workload: 'sessions',
      connections,
      depth,
      payloadBytes: FAN_OUT_BYTES,
      format: 'json',
    })),
  )
}

function fanOuts(
  workload: 'fan-out' | 'cluster',
  subscribers: readonly number[],
  depths: readonly number[],
): MessageCell[] {
  return subscribers.flatMap((connections) =>
    depths.map((depth) => ({
      name: `${workload}-${connections}-d${depth}`,
      workload,
      connections,
      depth,
      payloadBytes: FAN_OUT_BYTES,
      format: 'text',
    })),
  )
}
