import type { Connection } from '../core/index.ts'
import { READ_BUFFER, xorReadBuffer } from './simd-masking.ts'

/** From this size of a chunk on, copying it costs less than what SIMD gains. */
const COPY_FROM_BYTES = 256
/** The same of a message, as the first length in a chunk tells: for smaller ones a loop is used in any case. */
const COPY_FROM_LENGTH = 64

/** What lies in `READ_BUFFER` is still needed. */
let inUse = false

/**
 * Runs `use`, which reads what lies in `READ_BUFFER` or goes before that. Whoever it tells may cause chunks to be read meanwhile, of
 * other sockets or put back on this one: these are read elsewhere.
 */
export function whileInUse(use: () => void): void {
  const before = inUse
  inUse = true
  try {
    use()
  } finally {
    inUse = before
  }
}

/** Has `connection` read the first `end` bytes of `READ_BUFFER`, where a native read has put them. */
export function readNative(connection: Connection, end: number, nowMs: number): void {
  inUse = true
  try {
    connection.receiveBorrowed(READ_BUFFER, end, nowMs)
  } finally {
    inUse = false
  }
}

/**
 * Has `connection` read `chunk`, which it owns from here on: a copy, where that is worth it, whose masks are undone with SIMD.
 * What servers send is not masked, and what has to wait is kept as it is.
 */
export function readChunk(connection: Connection, chunk: Uint8Array, nowMs: number): void {
  const { length } = chunk
  if (inUse || !isWorthCopying(chunk) || connection.profile.role === 'client' || connection.paused) {
    connection.receive(chunk, nowMs)
    return
  }
  inUse = true
  try {
    READ_BUFFER.set(chunk)
    connection.receiveBorrowed(READ_BUFFER, length, nowMs, chunk)
  } finally {
    inUse = false
  }
}

function isWorthCopying(chunk: Uint8Array): boolean {
  const { length } = chunk
  if (length < COPY_FROM_BYTES || length > READ_BUFFER.length || xorReadBuffer === undefined) return false
  return ((chunk[1] as number) & 0x7f) >= COPY_FROM_LENGTH
}
