/**
 * Byte operations that a host may do faster than portable code. The core calls nothing else of the host's.
 * `portableBytes` implements all of it in plain ECMAScript; a driver replaces what it can do better.
 * Every method works on `bytes[start, end)`, so that the hot path creates no views.
 */
export interface BytePort {
  /**
   * XORs the range in place with a masking-key (RFC 6455 §5.3) whose first byte is its lowest.
   * Returns whether the result is all ASCII, which costs nothing to find out on the way.
   */
  xor(bytes: Uint8Array, start: number, end: number, key: number): boolean
  /** Whether the range is well-formed UTF-8 (RFC 3629). */
  isUtf8(bytes: Uint8Array, start: number, end: number): boolean
  /** Text of a range already known to be well-formed; `ascii` promises that no byte is above 0x7f. */
  decodeText(bytes: Uint8Array, start: number, end: number, ascii: boolean): string
  /** Writes `text` as UTF-8 at `offset` (unpaired surrogates become U+FFFD) and returns the bytes written. There must be room for `3 * text.length`, or for the exact length. */
  encodeText(text: string, target: Uint8Array, offset: number): number
  /**
   * Writes `text` at `offset`, one byte for each code unit, if it is all ASCII; else returns `false`, whatever it wrote.
   * There must be room for 16 bytes more than code units, so that text that is not ASCII can be seen not to fit.
   */
  encodeAscii(text: string, target: Uint8Array, offset: number): boolean
  /** How many bytes `encodeText` will write. */
  textByteLength(text: string): number
  /** Whether both hold the same bytes. */
  equals(bytes: Uint8Array, other: Uint8Array): boolean
  /** A copy of the range, on its own. */
  copy(bytes: Uint8Array, start: number, end: number): Uint8Array
  /** Writes the range to `target`, another array, at `offset`. */
  copyTo(bytes: Uint8Array, start: number, end: number, target: Uint8Array, offset: number): void
  /** A new array of `size` bytes. It may hold old memory: only what was written to it may leave. */
  allocate(size: number): Uint8Array
}
