/** What the load generator does with a server: `echo` waits for its own messages, `fan-out` publishes to subscribers. */
export type Workload = 'echo' | 'fan-out'

/** One row of the results: a workload with its numbers. */
export interface Cell {
  readonly name: string
  readonly workload: Workload
  /** Echoing connections, or subscribers (the publisher comes on top). */
  readonly connections: number
  /** Messages in flight per connection, or publications in flight. */
  readonly depth: number
  /** Bytes of text in each message. */
  readonly payloadBytes: number
}

/** Every cell, in the order in which it is run and printed. Add one here. */
export const CELLS: readonly Cell[] = [
  { name: 'echo-1', workload: 'echo', connections: 64, depth: 1, payloadBytes: 125 },
  { name: 'echo-32', workload: 'echo', connections: 64, depth: 32, payloadBytes: 125 },
  { name: 'fan-out-1', workload: 'fan-out', connections: 1000, depth: 1, payloadBytes: 128 },
  { name: 'fan-out-16', workload: 'fan-out', connections: 1000, depth: 16, payloadBytes: 128 },
]

/** The cell in words, for the table. */
export function describeCell(cell: Cell): string {
  return cell.workload === 'echo'
    ? `echo, ${cell.payloadBytes} B text, ${cell.connections} connections, ${cell.depth} in flight on each`
    : `fan-out, ${cell.payloadBytes} B text to ${cell.connections} subscribers, ${cell.depth} in flight`
}
