import type { MessageCell } from '../cell.ts'

/** What a server may allocate for each message that arrives at a client, in bytes. */
export interface Budget {
  /** Objects and strings. */
  readonly heapBytes: number
  /** What buffers have outside of the heap. */
  readonly externalBytes: number
}

/** What may be held for each connection that came and went, in bytes: an object that stays has more. */
export const HELD_BYTES = 64

/** A server of the benchmark. */
interface Program {
  readonly name: string
  /** Program in `bench/subjects`, and its arguments. */
  readonly program: string
  readonly args: readonly string[]
}

/** One that connections are open on, and what may be held for each that is idle, in bytes, without what the system and libuv have. */
export interface IdleSubject extends Program {
  readonly idleBytes: number
}

/** A twentieth above what was measured on Node 20, which is nearly the same in each run. */
export const IDLE_SUBJECTS: readonly IdleSubject[] = [
  { name: 'sockets', program: 'wigwag', args: [], idleBytes: 980 },
  { name: "sockets, through Node's streams", program: 'wigwag', args: ['public'], idleBytes: 1975 },
  { name: 'sockets behind an HTTP server', program: 'wigwag', args: ['http'], idleBytes: 2010 },
  { name: 'the face of ws', program: 'wigwag-ws', args: [], idleBytes: 1075 },
]

/** And how its sockets read and write. */
export interface BudgetSubject extends Program {
  /** What may be allocated for a connection that is opened, upgraded and closed, in bytes on the heap: a tenth above. */
  readonly handshakeBytes: number
  readonly budgets: Readonly<Record<BudgetCellName, Budget>>
}

export type BudgetCellName = keyof typeof BUDGET_CELLS

const ECHO = { workload: 'echo', connections: 1, depth: 32, payloadBytes: 16, format: 'text' } as const

/** What is sent, and how many messages. */
export const BUDGET_CELLS = {
  text: { messages: 100_000, cell: { ...ECHO, name: 'text of 16 B, 32 in a chunk' } },
  binary: { messages: 100_000, cell: { ...ECHO, name: 'binary of 16 B, 32 in a chunk', format: 'binary' } },
  'large-text': { messages: 20_000, cell: { ...ECHO, name: 'text of 1 KiB, 32 in a chunk', payloadBytes: 1024 } },
  single: { messages: 10_000, cell: { ...ECHO, name: 'text of 16 B, one in a chunk', depth: 1 } },
  'fan-out': {
    messages: 100_000,
    cell: {
      ...ECHO,
      name: 'text of 128 B to 25 sockets, 4 in a chunk',
      workload: 'fan-out',
      connections: 25,
      depth: 4,
      payloadBytes: 128,
    },
  },
} as const satisfies Readonly<Record<string, { readonly messages: number; readonly cell: MessageCell }>>

/**
 * A sixth above what was measured on Node 20. Lower them when the code has become better: `npx vitest run bench/test/budget`
 * prints what it measures when WIGWAG_TEST_BUDGETS is set.
 */
export const BUDGET_SUBJECTS: readonly BudgetSubject[] = [
  {
    name: 'sockets',
    program: 'wigwag',
    args: [],
    handshakeBytes: 11_100,
    budgets: {
      text: { heapBytes: 62, externalBytes: 1 },
      binary: { heapBytes: 134, externalBytes: 19 },
      'large-text': { heapBytes: 1220, externalBytes: 1 },
      single: { heapBytes: 600, externalBytes: 1 },
      'fan-out': { heapBytes: 35, externalBytes: 1 },
    },
  },
  {
    name: "sockets, through Node's streams",
    program: 'wigwag',
    args: ['public'],
    handshakeBytes: 20_500,
    budgets: {
      text: { heapBytes: 75, externalBytes: 26 },
      binary: { heapBytes: 150, externalBytes: 26 },
      'large-text': { heapBytes: 1260, externalBytes: 1200 },
      single: { heapBytes: 1075, externalBytes: 26 },
      'fan-out': { heapBytes: 94, externalBytes: 7 },
    },
  },
  {
    name: 'the face of ws',
    program: 'wigwag-ws',
    args: [],
    handshakeBytes: 11_700,
    budgets: {
      text: { heapBytes: 180, externalBytes: 19 },
      binary: { heapBytes: 136, externalBytes: 19 },
      'large-text': { heapBytes: 154, externalBytes: 1200 },
      single: { heapBytes: 708, externalBytes: 19 },
      'fan-out': { heapBytes: 63, externalBytes: 6 },
    },
  },
]
