import { type Cell, type Compression, compressionOf, type Workload } from './cell.ts'
import type { Protocol, SessionProtocol } from './generator/load-spec.ts'
import { BUN_PACKAGE } from './peers.ts'

/** One server under test. */
export interface Subject {
  readonly name: string
  /** What it is, for who reads the results. */
  readonly about: string
  /** npm packages whose versions are printed. */
  readonly packages: readonly string[]
  /** Whose `node_modules` they are in: the workspace's, or those of `peers/`, which the benchmark installs. */
  readonly home: 'workspace' | 'peers'
  readonly runtime: 'node' | 'bun'
  /** The server's source: it listens on a free port and calls `announce`. */
  readonly source: URL
  /** Command line of the server; in `cluster` cells the URL of Redis comes behind it. */
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly protocol: Protocol
  /** In cells of sessions. */
  readonly sessionProtocol?: SessionProtocol
  readonly workloads: readonly Workload[]
  /** The ways of negotiating compression that it can: it then runs in cells with those, else in cells without. */
  readonly compressions?: readonly Compression[]
}

/** The subject that a cell's ratios are relative to. */
export function baselineOf(cell: Cell): string {
  return compressionOf(cell) === undefined ? BASELINES[cell.workload] : 'ws-deflate'
}

/** Whether the subject can do what the cell asks for. */
export function runsIn(subject: Subject, cell: Cell): boolean {
  if (!subject.workloads.includes(cell.workload)) return false
  const compression = compressionOf(cell)
  if (compression === undefined) return subject.compressions === undefined
  return subject.compressions?.includes(compression) ?? false
}

const BASELINES: Readonly<Record<Workload, string>> = {
  echo: 'ws',
  'fan-out': 'ws',
  cluster: 'ws-redis',
  handshake: 'ws',
  memory: 'ws',
  sessions: 'ws-loop',
  'session-memory': 'socket.io',
}

const EVERY_COMPRESSION: readonly Compression[] = ['no-takeover', 'takeover-4KiB', 'browser']
const COMPRESSED: readonly Workload[] = ['echo', 'fan-out', 'memory']
const SESSIONS: readonly Workload[] = ['sessions', 'session-memory']
const SERVER: readonly Workload[] = ['echo', 'fan-out', 'handshake', 'memory']

/** Every server under test, in the order in which it is printed. Add one here. */
export const SUBJECTS: readonly Subject[] = [
  {
    name: 'ws',
    about: 'ws in plain JavaScript, compression off, otherwise its defaults',
    packages: ['ws'],
    home: 'peers',
    runtime: 'node',
    source: new URL('./subjects/ws.ts', import.meta.url),
    env: { WS_NO_BUFFER_UTIL: '1' },
    protocol: 'websocket',
    workloads: SERVER,
  },
  {
    name: 'ws-bufferutil',
    about: 'the same with its native masking',
    packages: ['ws', 'bufferutil'],
    home: 'peers',
    runtime: 'node',
    source: new URL('./subjects/ws-bufferutil.ts', import.meta.url),
    protocol: 'websocket',
    workloads: SERVER,
  },
  {
    name: 'wigwag',
    about: 'WebSocketServer with its defaults',
    packages: ['@wigwag/socket'],
    home: 'workspace',
    runtime: 'node',
    source: new URL('./subjects/wigwag.ts', import.meta.url),
    protocol: 'websocket',
    workloads: SERVER,
  },
  {
    name: 'wigwag-public',
    about: "the same with io: 'public', which uses documented calls of Node only",
    packages: ['@wigwag/socket'],
    home: 'workspace',
    runtime: 'node',
    source: new URL('./subjects/wigwag.ts', import.meta.url),
    args: ['public'],
    protocol: 'websocket',
    workloads: SERVER,
  },
  {
    name: 'wigwag-ws',
    about: 'the program of ws, unchanged, on the face that takes its place',
    packages: ['@wigwag/ws'],
    home: 'workspace',
    runtime: 'node',
    source: new URL('./subjects/wigwag-ws.ts', import.meta.url),
    protocol: 'websocket',
    workloads: SERVER,
  },
  {
    name: 'hub',
    about: 'a channel of a hub with its defaults: history, positions, slow-reader policy',
    packages: ['@wigwag/hub'],
    home: 'workspace',
    runtime: 'node',
    source: new URL('./subjects/hub.ts', import.meta.url),
    protocol: 'websocket',
    workloads: ['fan-out'],
  },
  {
    name: 'bun',
    about: 'Bun.serve, which is uWebSockets in C++, driven from JavaScript',
    packages: [BUN_PACKAGE],
    home: 'peers',
    runtime: 'bun',
    source: new URL('./subjects/bun.ts', import.meta.url),
    protocol: 'websocket',
    workloads: SERVER,
  },
  {
    name: 'ws-deflate',
    about:
      'ws in plain JavaScript, perMessageDeflate with its defaults (level 6, windows of 32 KiB, memLevel 8), threshold 0',
    packages: ['ws'],
    home: 'peers',
    runtime: 'node',
    source: new URL('./subjects/ws.ts', import.meta.url),
    args: ['deflate'],
    env: { WS_NO_BUFFER_UTIL: '1' },
    protocol: 'websocket',
    workloads: COMPRESSED,
    compressions: EVERY_COMPRESSION,
  },
  {
    name: 'wigwag-deflate',
    about: 'perMessageDeflate with its defaults (level 6, from 1 KiB on 3; windows of 4 KiB, memLevel 8), threshold 0',
    packages: ['@wigwag/socket'],
    home: 'workspace',
    runtime: 'node',
    source: new URL('./subjects/wigwag.ts', import.meta.url),
    args: ['deflate'],
    protocol: 'websocket',
    workloads: COMPRESSED,
    compressions: EVERY_COMPRESSION,
  },
  {
    name: 'wigwag-ws-deflate',
    about: 'the program of ws-deflate, unchanged, on the face that takes its place',
    packages: ['@wigwag/ws'],
    home: 'workspace',
    runtime: 'node',
    source: new URL('./subjects/wigwag-ws.ts', import.meta.url),
    args: ['deflate'],
    protocol: 'websocket',
    workloads: COMPRESSED,
    compressions: EVERY_COMPRESSION,
  },
  {
    name: 'bun-deflate',
    about: 'Bun.serve with perMessageDeflate: true and compress on every send',
    packages: [BUN_PACKAGE],
    home: 'peers',
    runtime: 'bun',
    source: new URL('./subjects/bun.ts', import.meta.url),
    args: ['deflate'],
    protocol: 'websocket',
    workloads: COMPRESSED,
    // It declines an offer that limits the server's window, and never keeps a context by itself.
    compressions: ['no-takeover', 'browser'],
  },
  {
    name: 'net',
    about: 'a floor, not a peer: node:net sends every byte back as it came; no handshake, no frames, no unmasking',
    packages: [],
    home: 'workspace',
    runtime: 'node',
    source: new URL('./subjects/net.ts', import.meta.url),
    protocol: 'bytes',
    workloads: ['echo', 'memory'],
  },
  {
    name: 'ws-redis',
    about: "ws and Redis' PUBLISH and SUBSCRIBE by ioredis, two processes: nothing is stored, nothing recovers",
    packages: ['ws', 'ioredis'],
    home: 'peers',
    runtime: 'node',
    source: new URL('./subjects/ws-redis.ts', import.meta.url),
    env: { WS_NO_BUFFER_UTIL: '1' },
    protocol: 'websocket',
    workloads: ['cluster'],
  },
  {
    name: 'hub-redis',
    about: 'a channel of two hubs with their defaults on a RedisBroker: stored, with history and positions',
    packages: ['@wigwag/hub', '@wigwag/redis'],
    home: 'workspace',
    runtime: 'node',
    source: new URL('./subjects/hub-redis.ts', import.meta.url),
    protocol: 'websocket',
    workloads: ['cluster'],
  },
  {
    name: 'ws-loop',
    about: 'sessions: a loop over the sockets of ws that was written by hand, JSON.stringify once and send to each',
    packages: ['ws'],
    home: 'peers',
    runtime: 'node',
    source: new URL('./subjects/ws-loop.ts', import.meta.url),
    env: { WS_NO_BUFFER_UTIL: '1' },
    protocol: 'websocket',
    sessionProtocol: 'json',
    workloads: SESSIONS,
  },
  {
    name: 'socket.io',
    about: 'sessions: Socket.IO with its defaults over WebSocket alone, io.to(room).emit',
    packages: ['socket.io'],
    home: 'peers',
    runtime: 'node',
    source: new URL('./subjects/socket-io.ts', import.meta.url),
    env: { WS_NO_BUFFER_UTIL: '1' },
    protocol: 'websocket',
    sessionProtocol: 'socket.io',
    workloads: SESSIONS,
  },
  {
    name: 'wigwag-loop',
    about:
      'sessions: the same loop over the sockets of @wigwag/socket, a PreparedMessage to each; no history, no protocol',
    packages: ['@wigwag/socket'],
    home: 'workspace',
    runtime: 'node',
    source: new URL('./subjects/wigwag-loop.ts', import.meta.url),
    protocol: 'websocket',
    sessionProtocol: 'json',
    workloads: SESSIONS,
  },
  {
    name: 'hub-bare',
    about: 'sessions: bare WebSockets of a channel of a hub with its defaults',
    packages: ['@wigwag/hub'],
    home: 'workspace',
    runtime: 'node',
    source: new URL('./subjects/hub-sessions.ts', import.meta.url),
    protocol: 'websocket',
    sessionProtocol: 'data',
    workloads: SESSIONS,
  },
  {
    name: 'hub-sessions',
    about: "sessions of a hub with its defaults (history, positions, outbox), in Centrifuge's protocol",
    packages: ['@wigwag/hub'],
    home: 'workspace',
    runtime: 'node',
    source: new URL('./subjects/hub-sessions.ts', import.meta.url),
    protocol: 'websocket',
    sessionProtocol: 'centrifuge',
    workloads: SESSIONS,
  },
]

/** Subjects of `--quick`, in its own cells and in those with compression. */
export const QUICK_SUBJECTS: readonly string[] = ['ws', 'wigwag', 'hub', 'bun']
export const QUICK_COMPRESSING: readonly string[] = ['ws-deflate', 'wigwag-deflate', 'bun-deflate']
