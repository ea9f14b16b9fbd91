import { deflateRawSync, constants as zlib } from 'node:zlib'

/** What a peer sends for a message (RFC 7692 §7.2.1), compressed against what it sent before. */
export function deflated(
  message: string | Uint8Array,
  before: string | Uint8Array = '',
  windowBits: number = 12,
): Uint8Array {
  const dictionary = Buffer.from(before)
  const bytes = deflateRawSync(Buffer.from(message), {
    windowBits: Math.max(windowBits, 9),
    finishFlush: zlib.Z_SYNC_FLUSH,
    ...(dictionary.length > 0 ? { dictionary } : {}),
  })
  return new Uint8Array(bytes.subarray(0, -4))
}
