import { isAscii, isUtf8 } from 'node:buffer'
import { type BytePort, xorInPlace } from '../core/index.ts'
import { noteLargeArray } from './freed-memory.ts'
import { READ_BUFFER, xorByCopy, xorReadBuffer } from './simd-masking.ts'

/** Below this many bytes a loop beats a call into the host. */
const SMALL_BYTES = 24
/** From how many bytes on copying them to WebAssembly and back beats the loop. */
const COPY_FROM_BYTES = 2048
/** From this size on arrays come to so many pages that it matters where these come from. */
const LARGE_BYTES = 16 * 1024

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
  xor(bytes: Uint8Array, start: number, end: number, key: number): boolean {
    if (end - start >= SMALL_BYTES) {
      if (bytes === READ_BUFFER && xorReadBuffer !== undefined) return xorReadBuffer(start, end, key)
      if (end - start >= COPY_FROM_BYTES && xorByCopy !== undefined) return xorByCopy(bytes, start, end, key)
    }
    return xorInPlace(bytes, start, end, key)
  },

  isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
    return isUtf8(view(bytes, start, end))
  },

  decodeText(bytes: Uint8Array, start: number, end: number, ascii: boolean): string {
    // To look first takes a twentieth of what is saved.
    const plain = ascii || (end - start >= LARGE_BYTES && isAscii(view(bytes, start, end)))
    if (!plain) return utf8Slice.call(bytes, start, end)
    return end - start <= SMALL_TEXT_BYTES ? decodeSmallAscii(bytes, start, end) : latin1Slice.call(bytes, start, end)
  },

  encodeText(text: string, target: Uint8Array, offset: number): number {
    if (text.length <= SMALL_BYTES) {
      const written = encodeSmallAscii(text, target, offset)
      if (written >= 0) return written
    }
    return utf8Write.call(target, text, offset)
  },

  // Of what takes more bytes than it has code units, more than these are written, or all but the last three bytes of the room.
  encodeAscii: (text: string, target: Uint8Array, offset: number): boolean =>
    utf8Write.call(target, text, offset) === text.length,

  textByteLength: (text: string): number => Buffer.byteLength(text, 'utf8'),

  equals: (bytes: Uint8Array, other: Uint8Array): boolean => equals.call(bytes, other),

  copy(bytes: Uint8Array, start: number, end: number): Uint8Array {
    if (end - start >= LARGE_BYTES) noteLargeArray(end - start)
    const copy = Buffer.allocUnsafe(end - start)
    if (end - start > SMALL_COPY_BYTES) copyTo.call(bytes, copy, 0, start, end)
    else for (let i = start; i < end; i++) copy[i - start] = bytes[i] as number
    return copy
  },

  copyTo(bytes: Uint8Array, start: number, end: number, target: Uint8Array, offset: number): void {
    copyTo.call(bytes, target, offset, start, end)
  },

  // Not from Buffer's shared pool: the arena and large messages live on their own.
  allocate(size: number): Uint8Array {
    if (size >= LARGE_BYTES) noteLargeArray(size)
    return Buffer.allocUnsafeSlow(size)
  },
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
