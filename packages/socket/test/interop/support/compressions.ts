import type { Compression } from './session.ts'

/** What is asked of permessage-deflate by both sides, as far as they can (RFC 7692 §7.1). */
export const COMPRESSIONS = {
  'by the defaults': {},
  'no context taken over': { serverNoContextTakeover: true, clientNoContextTakeover: true },
  'windows of 8 bits': { serverMaxWindowBits: 8, clientMaxWindowBits: 8 },
  'windows of 9 bits': { serverMaxWindowBits: 9, clientMaxWindowBits: 9 },
  'windows of 15 bits': { serverMaxWindowBits: 15, clientMaxWindowBits: 15 },
} as const satisfies Readonly<Record<string, Compression>>

/** One of them. */
export type CompressionName = keyof typeof COMPRESSIONS
