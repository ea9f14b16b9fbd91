import { deflateRawSync, constants as zlib } from 'node:zlib'

/** A message as a peer with that window compresses it (RFC 7692 §7.2.1), each on its own. */
export function deflatedBy(windowBits: number, text: string): Uint8Array {
  return deflateRawSync(text, { windowBits, finishFlush: zlib.Z_SYNC_FLUSH }).subarray(0, -4)
}
