/** How a compressor is set up. */
export interface DeflateSettings {
  /** LZ77 window, as a power of two: 8 to 15. No match may reach back further than that. */
  readonly windowBits: number
  /** 1 (fast) to 9 (small); 0 stores. `undefined`: what pays for a message of that size. */
  readonly level: number | undefined
  /** Memory of the compressor while it works, 1 to 9. `undefined`: what is cheapest on this host. */
  readonly memLevel: number | undefined
}

/** What one call of the inflater made. */
export interface Inflated {
  readonly bytes: Uint8Array
  /** How much of the input was read: all of it, or up to the end of a final block. */
  readonly consumed: number
}

/**
 * Raw DEFLATE (RFC 1951) as a host does it, one call at a time and without state: what a stream would remember comes in as
 * `dictionary`, the plain text just before.
 */
export interface DeflatePort {
  /** Compresses `plain` and ends with an empty stored block (a sync flush: `00 00 ff ff`). */
  deflate(plain: Uint8Array, dictionary: Uint8Array, settings: DeflateSettings): Uint8Array
  /** Inflates until a final block ends. Without one, and for anything else that is wrong, `'malformed'`. */
  inflate(
    input: Uint8Array,
    dictionary: Uint8Array,
    windowBits: number,
    maxBytes: number,
  ): Inflated | 'malformed' | 'too-large'
}
