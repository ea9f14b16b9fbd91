import type { JsonValue, PublicationData } from '@wigwag/hub'

const TEXT = 0x73 // s
const JSON_VALUE = 0x6a // j
const BYTES = 0x62 // b

/** Data as Redis holds it: a letter for its kind, then the data itself. */
export function encodeStoredData(data: PublicationData): string | Buffer {
  if (typeof data === 'string') return `s${data}`
  if (!(data instanceof Uint8Array)) return `j${JSON.stringify(data)}`
  const stored = Buffer.allocUnsafe(1 + data.length)
  stored[0] = BYTES
  stored.set(data, 1)
  return stored
}

/** Reads what `encodeStoredData` wrote. Throws for anything else. */
export function decodeStoredData(stored: Buffer): PublicationData {
  switch (stored[0]) {
    case TEXT:
      return stored.toString('utf8', 1)
    case JSON_VALUE:
      return JSON.parse(stored.toString('utf8', 1)) as JsonValue
    case BYTES:
      // Of its own: what came with it from the network is larger, and must not be kept.
      return new Uint8Array(stored.subarray(1))
    default:
      throw new Error('This was not stored by Wigwag.')
  }
}
