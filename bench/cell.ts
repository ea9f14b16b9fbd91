/** What a message is made of; `'non-ascii'` is text in which nearly every character takes two bytes. */
export type MessageFormat = 'text' | 'non-ascii' | 'binary'

/** How compressed messages are negotiated: what the upgrade offers, and the largest window that the client itself uses. */
export const OFFERS = {
  'no-takeover': {
    offer: 'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
    windowBits: 15,
    about: 'each on its own',
  },
  'takeover-4KiB': {
    offer: 'permessage-deflate; server_max_window_bits=12; client_max_window_bits=12',
    windowBits: 12,
    about: 'with context takeover, windows of 4 KiB',
  },
  browser: {
    offer: 'permessage-deflate; client_max_window_bits',
    windowBits: 15,
    about: 'as the server chooses for what browsers offer',
  },
} as const

/** One of them. */
export type Compression = keyof typeof OFFERS

/** A workload that sends messages. */
export interface MessageCell {
  readonly name: string
  /**
   * `echo` waits for its own messages. `fan-out` publishes to subscribers; `cluster` does that through Redis, from one
   * process of the subject to another. `memory` leaves its connections idle, then echoes one message on each.
   * `sessions` publishes JSON to everybody who is subscribed in the subject's own protocol; `session-memory` leaves them
   * idle, then publishes once.
   */
  readonly workload: 'echo' | 'fan-out' | 'cluster' | 'memory' | 'sessions' | 'session-memory'
  /** Echoing or idle connections, or subscribers (the publisher comes on top). */
  readonly connections: number
  /** Messages in flight per connection, or publications in flight. */
  readonly depth: number
  readonly payloadBytes: number
  /** `'json'` with compression and of `sessions` only. */
  readonly format: MessageFormat | 'json'
  /** Whether messages are compressed, and how. Default: not. */
  readonly compression?: Compression
}

/** Connect, upgrade, exchange Close frames, and again. */
export interface HandshakeCell {
  readonly name: string
  readonly workload: 'handshake'
  /** Connections at one time. */
  readonly slots: number
}

/** One row of the results: a workload with its numbers. */
export type Cell = MessageCell | HandshakeCell

/** What the load generator does with a server. */
export type Workload = Cell['workload']

/** The cell in words, for the table. */
export function describeCell(cell: Cell): string {
  if (cell.workload === 'handshake') return `connect, upgrade, close; ${cell.slots} at a time`
  if (cell.workload === 'sessions') {
    return `publications, ${formatBytes(cell.payloadBytes)} of JSON to ${describeSessions(cell.connections)}, ${cell.depth} in flight`
  }
  const compressed = cell.compression === undefined ? '' : `, compressed ${OFFERS[cell.compression].about}`
  const message = `${formatBytes(cell.payloadBytes)} of ${describeFormat(cell.format)}${compressed}`
  switch (cell.workload) {
    case 'echo':
      return `echo, ${message}, ${describeConnections(cell.connections)}, ${cell.depth} in flight on each`
    case 'fan-out':
      return `fan-out, ${message} to ${cell.connections} subscribers, ${cell.depth} in flight`
    case 'cluster':
      return `through Redis to another process, ${message} to ${cell.connections} subscribers, ${cell.depth} in flight`
    case 'session-memory':
      return `${cell.connections} subscribed sessions, idle, and after a publication to all`
    case 'memory':
      return `${cell.connections} connections, idle, and after an echo of ${message} on each`
  }
}

/** Bytes as a cell's name has them: `125B`, `16KiB`, `1MiB`. */
export function bytesInName(bytes: number): string {
  return formatBytes(bytes).replace(' ', '')
}

/** How the messages of a cell are compressed; `undefined` when they are not. */
export function compressionOf(cell: Cell): Compression | undefined {
  return cell.workload === 'handshake' ? undefined : cell.compression
}

/** Whether the cell is about memory. */
export function isMemory({ workload }: Cell): boolean {
  return workload === 'memory' || workload === 'session-memory'
}

/** File descriptors that either side needs for the cell's connections. */
export function connectionsOf(cell: Cell): number {
  return cell.workload === 'handshake' ? cell.slots : cell.connections
}

function formatBytes(bytes: number): string {
  if (bytes >= 1024 * 1024) return `${bytes / 1024 / 1024} MiB`
  return bytes >= 1024 ? `${bytes / 1024} KiB` : `${bytes} B`
}

function describeConnections(count: number): string {
  return count === 1 ? '1 connection' : `${count} connections`
}

function describeSessions(count: number): string {
  return count === 1 ? '1 session' : `${count} sessions`
}

function describeFormat(format: MessageCell['format']): string {
  if (format === 'json') return 'JSON-like text, all messages different'
  return format === 'non-ascii' ? 'non-ASCII text' : format
}
