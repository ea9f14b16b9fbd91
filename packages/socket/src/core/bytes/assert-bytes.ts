import { UsageError } from '../error/wigwag-error.ts'

/**
 * Throws `UsageError` `ERR_ARGUMENT` unless `value` is an array of bytes, of this or another realm. Anything else with
 * or without a length would send memory that nobody wrote, or spoil the arena that all connections share.
 */
export function assertBytes(value: unknown): asserts value is Uint8Array {
  if (value instanceof Uint8Array) return
  if (ArrayBuffer.isView(value) && (value as Uint8Array).BYTES_PER_ELEMENT === 1) return
  throw new UsageError('ERR_ARGUMENT', `Expected a string or bytes (Uint8Array), not ${describe(value)}.`)
}

function describe(value: unknown): string {
  return typeof value === 'object' && value !== null ? Object.prototype.toString.call(value) : String(value)
}
