/** No bytes, for what is sent without data. */
export const EMPTY: Buffer = Buffer.alloc(0)

/**
 * The bytes of whatever `send`, `ping` and `pong` take besides text. Views are not copied. Throws what `Buffer.from` throws
 * for what has no bytes.
 */
export function toBytes(data: unknown): Uint8Array {
  if (data instanceof Uint8Array) return data
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  if (data instanceof ArrayBuffer) return new Uint8Array(data)
  return Buffer.from(data as Uint8Array)
}

/** The same bytes as a `Buffer`, which is what listeners are given. */
export function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** The same bytes as an `ArrayBuffer` of their own. */
export function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = bytes
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) return buffer
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer
}

/** Whether `data` is a `Blob` or `File`, of this realm's or of another's making. */
export function isBlob(data: unknown): data is Blob {
  if (typeof data !== 'object' || data === null) return false
  const tag = (data as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag]
  return (tag === 'Blob' || tag === 'File') && typeof (data as Blob).arrayBuffer === 'function'
}
