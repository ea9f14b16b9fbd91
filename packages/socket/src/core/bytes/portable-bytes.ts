import type { BytePort } from './byte-port.ts'
import { xorInPlace } from './masking.ts'
import { Utf8Validator } from './utf8-validator.ts'

/** `String.fromCharCode` takes its code units as arguments, and engines bound how many. */
const UNITS_PER_CALL = 8192

/** `BytePort` in plain ECMAScript, for any runtime and for tests of the core. */
export const portableBytes: BytePort = {
  xor: xorInPlace,

  isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
    const validator = new Utf8Validator(NO_BULK)
    return validator.push(bytes, start, end) && validator.complete
  },

  decodeText(bytes: Uint8Array, start: number, end: number): string {
    let text = ''
    let units: number[] = []
    let position = start
    while (position < end) {
      const first = bytes[position++] as number
      if (first < 0x80) units.push(first)
      else {
        const length = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3
        let point = first & (0x3f >> length)
        // Text that is trusted (`utf8: 'trust'`) may be cut: what lies behind the range is somebody else's.
        for (let i = 0; i < length && position < end; i++) point = (point << 6) | ((bytes[position++] as number) & 0x3f)
        if (point < 0x10000) units.push(point)
        else units.push(0xd7c0 + (point >> 10), 0xdc00 | (point & 0x3ff))
      }
      if (units.length >= UNITS_PER_CALL) {
        text += String.fromCharCode(...units)
        units = []
      }
    }
    return text + String.fromCharCode(...units)
  },

  encodeText(text: string, target: Uint8Array, offset: number): number {
    let position = offset
    for (let i = 0; i < text.length; i++) {
      const point = codePointAt(text, i)
      if (point < 0x80) target[position++] = point
      else {
        if (point < 0x800) target[position++] = 0xc0 | (point >> 6)
        else {
          if (point < 0x10000) target[position++] = 0xe0 | (point >> 12)
          else {
            i++ // the low surrogate is consumed too
            target[position++] = 0xf0 | (point >> 18)
            target[position++] = 0x80 | ((point >> 12) & 0x3f)
          }
          target[position++] = 0x80 | ((point >> 6) & 0x3f)
        }
        target[position++] = 0x80 | (point & 0x3f)
      }
    }
    return position - offset
  },

  encodeAscii(text: string, target: Uint8Array, offset: number): boolean {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code > 0x7f) return false
      target[offset + i] = code
    }
    return true
  },

  textByteLength(text: string): number {
    let bytes = 0
    for (let i = 0; i < text.length; i++) {
      const point = codePointAt(text, i)
      if (point >= 0x10000) i++
      bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
    }
    return bytes
  },

  equals: (bytes: Uint8Array, other: Uint8Array): boolean =>
    bytes.length === other.length && bytes.every((byte, i) => byte === other[i]),

  copy: (bytes: Uint8Array, start: number, end: number): Uint8Array =>
    Uint8Array.prototype.slice.call(bytes, start, end),

  copyTo(bytes: Uint8Array, start: number, end: number, target: Uint8Array, offset: number): void {
    target.set(bytes.subarray(start, end), offset)
  },

  allocate: (size: number): Uint8Array => new Uint8Array(size),
}

/** The validator is its own bulk check here: a port whose answer is never yes leaves every byte to it. */
const NO_BULK: BytePort = { ...portableBytes, isUtf8: () => false }

/** The scalar value at `index`; U+FFFD for an unpaired surrogate, as WHATWG's USVString conversion has it. */
function codePointAt(text: string, index: number): number {
  const point = text.codePointAt(index) as number
  return point >= 0xd800 && point <= 0xdfff ? 0xfffd : point
}
