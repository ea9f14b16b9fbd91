import type { DeflatePort } from '../core/index.ts'
import { nativeDeflate } from './native-deflate.ts'
import { publicDeflate } from './public-deflate.ts'

/** `DeflatePort` with Node's zlib, past its streams where that was tested (Node 20, 22 and 24); it keeps nothing of a message. */
export const nodeDeflate: DeflatePort = {
  deflate: (plain, dictionary, settings) => {
    chosen ??= nativeDeflate() ?? publicDeflate
    return chosen.deflate(plain, dictionary, settings)
  },
  inflate: (input, dictionary, windowBits, maxBytes) => {
    chosen ??= nativeDeflate() ?? publicDeflate
    return chosen.inflate(input, dictionary, windowBits, maxBytes)
  },
}

let chosen: DeflatePort | undefined
