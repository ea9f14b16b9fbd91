import { MASKING_MODULE } from './masking-module.ts'

/** What WebAssembly is used for here; the types of Node 20 leave it to those of browsers. */
interface WebAssemblyApi {
  readonly Module: new (code: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: MaskingExports }
}

interface MaskingExports {
  readonly memory: { readonly buffer: ArrayBuffer }
  xor(start: number, end: number, key: number): number
}

const READ_BYTES = 256 * 1024

const exports = instantiate()

/** None where WebAssembly or its SIMD instructions are missing, forbidden, or denied the address space that they reserve. */
function instantiate(): MaskingExports | undefined {
  const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyApi }
  try {
    return new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(MASKING_MODULE, 'base64'))).exports
  } catch {
    return undefined
  }
}

/** What native reads go into. Masks are undone where the bytes came to lie, so it is memory of the WebAssembly module. */
export const READ_BUFFER: Uint8Array =
  exports === undefined ? Buffer.allocUnsafeSlow(READ_BYTES) : Buffer.from(exports.memory.buffer, 0, READ_BYTES)

/** Behind it, for bytes that lie elsewhere: they are copied in and out, which is still less work than a loop. */
const scratch = exports === undefined ? new Uint8Array(0) : new Uint8Array(exports.memory.buffer, READ_BYTES)

/** XORs `READ_BUFFER[start, end)` in place with a masking-key, sixteen bytes at a time. See `BytePort.xor`. */
export const xorReadBuffer: ((start: number, end: number, key: number) => boolean) | undefined =
  exports && ((start, end, key) => exports.xor(start, end, key) === 0)

/** The same for bytes anywhere. */
export const xorByCopy: ((bytes: Uint8Array, start: number, end: number, key: number) => boolean) | undefined =
  exports &&
  ((bytes, start, end, key) => {
    let seen = 0
    for (let position = start; position < end; position += scratch.length) {
      const part = bytes.subarray(position, Math.min(end, position + scratch.length))
      scratch.set(part)
      // `scratch.length` is a multiple of four: each part begins with the key's first byte.
      seen |= exports.xor(READ_BYTES, READ_BYTES + part.length, key)
      part.set(part.length === scratch.length ? scratch : scratch.subarray(0, part.length))
    }
    return seen === 0
  })
