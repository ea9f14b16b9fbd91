import { deflateRawSync, inflateRawSync, type ZlibOptions, constants as zlib } from 'node:zlib'
import type { DeflatePort, DeflateSettings, Inflated } from '../core/index.ts'
import { deflateLevel } from './deflate-level.ts'

/** zlib cannot compress with a window of 2⁸; but with one of 2⁹ it never reaches back more than 2⁹ − 262 = 250 bytes. */
export const SMALLEST_DEFLATE_WINDOW_BITS = 9

/** Output is collected in pieces of at most this size. */
const LARGEST_PIECE_BYTES = 64 * 1024

/** `DeflatePort` with documented calls of Node's zlib only: one synchronous call a message, which leaves nothing behind. */
export const publicDeflate: DeflatePort = {
  deflate(plain: Uint8Array, dictionary: Uint8Array, settings: DeflateSettings): Uint8Array {
    return deflateRawSync(plain, {
      windowBits: Math.max(settings.windowBits, SMALLEST_DEFLATE_WINDOW_BITS),
      level: deflateLevel(settings, plain.length),
      // It is allocated for each call: no more than the window is worth.
      memLevel: settings.memLevel ?? Math.max(settings.windowBits - 8, 1),
      finishFlush: zlib.Z_SYNC_FLUSH,
      chunkSize: pieceBytes(plain.length + 64),
      ...withDictionary(dictionary),
    })
  },

  inflate(
    input: Uint8Array,
    dictionary: Uint8Array,
    windowBits: number,
    maxBytes: number,
  ): Inflated | 'malformed' | 'too-large' {
    try {
      const { buffer, engine } = inflateWithInfo(input, {
        windowBits,
        finishFlush: zlib.Z_FINISH,
        maxOutputLength: Math.min(maxBytes, MAX_OUTPUT_BYTES),
        chunkSize: pieceBytes(input.length * 4),
        info: true,
        ...withDictionary(dictionary),
      })
      return { bytes: fitting(buffer), consumed: engine.bytesWritten }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ERR_BUFFER_TOO_LARGE') return 'too-large'
      if (code === 'Z_DATA_ERROR' || code === 'Z_BUF_ERROR' || code === 'Z_NEED_DICT') return 'malformed'
      throw error
    }
  },
}

/** What zlib takes for `maxOutputLength`. */
const MAX_OUTPUT_BYTES = 2 ** 31

/** With `info` both the output and how much of the input was read: documented, but not in the types. */
const inflateWithInfo = inflateRawSync as unknown as (
  input: Uint8Array,
  options: ZlibOptions,
) => { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } }

function pieceBytes(expected: number): number {
  return Math.min(Math.max(expected, 256), LARGEST_PIECE_BYTES)
}

function withDictionary(dictionary: Uint8Array): { dictionary?: Uint8Array } {
  return dictionary.length === 0 ? {} : { dictionary }
}

/** A message that is kept must not keep a piece of several times its size. */
function fitting(buffer: Buffer): Uint8Array {
  return buffer.length * 2 < buffer.buffer.byteLength ? new Uint8Array(buffer) : buffer
}
