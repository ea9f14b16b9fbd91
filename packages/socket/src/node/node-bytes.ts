import { isUtf8 } from 'node:buffer'
import { type BytePort, xorInPlace } from '../core/index.ts'

/** Below this many bytes a loop beats a call into the host. */
const SMALL_BYTES = 24

/** The same for copying, and for decoding text. */
const SMALL_COPY_BYTES = 40
const SMALL_TEXT_BYTES = 16
/** By length: the character codes of a small text on their way to `String.fromCharCode`. */
const codesOf: number[][] = Array.from({ length: SMALL_TEXT_BYTES + 1 }, (_, length) =>
  new Array<number>(length).fill(0),
)

/** Buffer's methods, for any array; those that take a range, so that no view has to be made, are undocumented, but as old as Node. */
const {
  copy: copyTo,
  equals,
  latin1Slice,
  utf8Slice,
  utf8Write,
} = Buffer.prototype as unknown as {
  copy(this: Uint8Array, target: Uint8Array, targetStart: number, start: number, end: number): number
  equals(this: Uint8Array, other: Uint8Array): boolean
  latin1Slice(this: Uint8Array, start: number, end: number): string
  utf8Slice(this: Uint8Array, start: number, end: number): string
  utf8Write(this: Uint8Array, text: string, offset: number): number
}

/** `BytePort` with what Node's Buffer does natively. */
export const nodeBytes: BytePort = {
  xor: xorInPlace,

  isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
    return isUtf8(view(bytes, start, end))
  },

  decodeText(bytes: Uint8Array, start: number, end: number, ascii: boolean): string {
    if (!ascii) return utf8Slice.call(bytes, start, end)
    return end - start <= SMALL_TEXT_BYTES ? decodeSmallAscii(bytes, start, end) : latin1Slice.call(bytes, start, end)
  },

  encodeText(text: string, target: Uint8Array, offset: number): number {
    if (text.length <= SMALL_BYTES) {
      const written = encodeSmallAscii(text, target, offset)
      if (written >= 0) return written
    }
    return utf8Write.call(target, text, offset)
  },

  textByteLength: (text: string): number => Buffer.byteLength(text, 'utf8'),

  equals: (bytes: Uint8Array, other: Uint8Array): boolean => equals.call(bytes, other),

  copy(bytes: Uint8Array, start: number, end: number): Uint8Array {
    const copy = Buffer.allocUnsafe(end - start)
    if (end - start > SMALL_COPY_BYTES) copyTo.call(bytes, copy, 0, start, end)
    else for (let i = start; i < end; i++) copy[i - start] = bytes[i] as number
    return copy
  },

  // Not from Buffer's shared pool: the arena and large messages live on their own.
  allocate: (size: number): Uint8Array => Buffer.allocUnsafeSlow(size),
}

function view(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end)
}

function decodeSmallAscii(bytes: Uint8Array, start: number, end: number): string {
  const codes = codesOf[end - start] as number[]
  for (let i = 0; i < codes.length; i++) codes[i] = bytes[start + i] as number
  return String.fromCharCode.apply(undefined, codes)
}

function encodeSmallAscii(text: string, target: Uint8Array, offset: number): number {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7f) return -1
    target[offset + i] = code
  }
  return text.length
}
