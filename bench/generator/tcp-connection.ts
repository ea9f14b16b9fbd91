import { MAX_CHUNK_BYTES } from './traffic.ts'

/** One space for the reads of all connections: a chunk is done with before the next read. */
export const CHUNK: Buffer = Buffer.allocUnsafe(MAX_CHUNK_BYTES)

/** Who is told what happens on a connection. Nothing is told after `destroy`, nor twice that it is over. */
export interface TcpOwner {
  connected(): void
  /** `length` bytes have come; they lie at the start of `CHUNK` until this returns. */
  received(length: number): void
  /** The server has ended its side. */
  ended(): void
  /** The connection broke off, or never came about. */
  failed(what: string): void
}

/** A TCP connection to 127.0.0.1, without Nagle's delay. */
export interface TcpConnection {
  /** Bytes that never change: those that the kernel does not take at once are sent from where they lie. */
  write(bytes: Buffer): void
  destroy(): void
}
