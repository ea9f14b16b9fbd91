import type { DeflatePort, DeflateSettings } from './deflate-port.ts'

/** How messages are compressed that go out. One object serves all connections that agreed on the same. */
export interface CompressorRules extends DeflateSettings {
  /** Whether what was sent before may be referred to (RFC 7692 §7.1.1). */
  readonly contextTakeover: boolean
}

/** A sync flush ends with these four bytes, which are not sent (RFC 7692 §7.2.1). */
const FLUSH_BYTES = 4

/** Compresses one message against what the peer has had last. The result may be the port's, and what is behind it, too. */
export function compressMessage(
  port: DeflatePort,
  payload: Uint8Array,
  window: Uint8Array,
  rules: CompressorRules,
): Uint8Array {
  const deflated = port.deflate(payload, window, rules)
  return deflated.subarray(0, deflated.length - FLUSH_BYTES)
}
