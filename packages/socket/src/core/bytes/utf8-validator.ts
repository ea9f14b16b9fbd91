import type { BytePort } from './byte-port.ts'

/** From this many bytes the host's whole-range check is asked instead of single steps. */
const BULK_FROM_BYTES = 64

/**
 * Checks UTF-8 (RFC 3629) that arrives in any pieces, and refuses at the first byte that no continuation can save:
 * overlong forms, surrogates and values above U+10FFFF fail at their second byte, not at the end of the message.
 */
export class Utf8Validator {
  readonly #port: BytePort
  #missing = 0
  // The range that the next continuation byte must fall into; narrower than 80..BF after E0, ED, F0 and F4.
  #lowest = 0x80
  #highest = 0xbf

  constructor(port: BytePort) {
    this.#port = port
  }

  /** Whether everything pushed so far ends on a character boundary. */
  get complete(): boolean {
    return this.#missing === 0
  }

  /** Checks the next `bytes[start, end)`. `false` means that the text is already beyond saving. */
  push(bytes: Uint8Array, start: number, end: number): boolean {
    let position = start
    while (position < end && this.#missing > 0) {
      if (!this.#step(bytes[position++] as number)) return false
    }
    if (end - position >= BULK_FROM_BYTES) {
      const boundary = lastBoundary(bytes, end)
      if (this.#port.isUtf8(bytes, position, boundary)) position = boundary
    }
    while (position < end) {
      if (!this.#step(bytes[position++] as number)) return false
    }
    return true
  }

  #step(byte: number): boolean {
    if (this.#missing > 0) {
      if (byte < this.#lowest || byte > this.#highest) return false
      this.#missing--
      this.#lowest = 0x80
      this.#highest = 0xbf
      return true
    }
    if (byte < 0x80) return true
    if (byte < 0xc2 || byte > 0xf4) return false
    if (byte < 0xe0) this.#missing = 1
    else if (byte < 0xf0) {
      this.#missing = 2
      if (byte === 0xe0) this.#lowest = 0xa0
      if (byte === 0xed) this.#highest = 0x9f
    } else {
      this.#missing = 3
      if (byte === 0xf0) this.#lowest = 0x90
      if (byte === 0xf4) this.#highest = 0x8f
    }
    return true
  }
}

/** Where the last character that may be cut off by `end` begins; `end` itself when none is. */
function lastBoundary(bytes: Uint8Array, end: number): number {
  for (let back = 1; back <= 3; back++) {
    const byte = bytes[end - back] as number
    if (byte >= 0xc0) return end - back
    if (byte < 0x80) return end
  }
  return end
}
