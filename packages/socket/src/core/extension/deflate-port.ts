import type { ProtocolError } from '../error/wigwag-error.ts'

/**
 * What a negotiated per-message extension does to payloads (RFC 6455 §9.2, RFC 7692 §6): both directions of one
 * connection, synchronous, one message a call. The core keeps RSV1 and the limits; the port knows the algorithm.
 */
export interface DeflatePort {
  /** Decompresses one message, to at most `maxBytes`; returns the fault when it is malformed (1007) or larger (1009). */
  inflate(payload: Uint8Array, maxBytes: number): Uint8Array | ProtocolError
  /** Compresses one message, or returns nothing when it should go as it is. */
  deflate(payload: Uint8Array): Uint8Array | undefined
}
