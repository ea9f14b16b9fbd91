import { toArrayBuffer, toBuffer } from './to-bytes.ts'

/** What binary messages are told as. */
export type BinaryType = 'nodebuffer' | 'arraybuffer' | 'fragments' | 'blob'
/** The first is the default. */
export const BINARY_TYPES: readonly BinaryType[] = ['nodebuffer', 'arraybuffer', 'fragments', 'blob']

/** A binary message as listeners want it. */
export function shape(data: Uint8Array, type: BinaryType): unknown {
  if (type === 'arraybuffer') return toArrayBuffer(data)
  if (type === 'fragments') return data.length === 0 ? [] : [toBuffer(data)]
  return type === 'blob' ? new Blob([data as Uint8Array<ArrayBuffer>]) : toBuffer(data)
}
