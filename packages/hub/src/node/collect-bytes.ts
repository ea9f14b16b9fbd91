import type { IncomingMessage } from 'node:http'

/**
 * The body of a request or an answer; nothing when it is larger than `maxBytes`, which is known before it is read whole.
 * The bytes are the caller's own. Rejects when the message breaks off.
 */
export async function collectBytes(incoming: IncomingMessage, maxBytes: number): Promise<Uint8Array | undefined> {
  if (Number(incoming.headers['content-length'] ?? 0) > maxBytes) return undefined
  // Whoever keeps them must not keep a slab of Node's pool with them. Copied as they come: an object kept for each chunk
  // would take two hundred times what a chunk of one byte does.
  let body = new Uint8Array(0)
  let bytes = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    const needed = bytes + chunk.length
    if (needed > maxBytes) return undefined
    if (needed > body.length) {
      const larger = new Uint8Array(Math.max(needed, Math.min(body.length * 2, maxBytes)))
      larger.set(body)
      body = larger
    }
    body.set(chunk, bytes)
    bytes = needed
  }
  return bytes === body.length ? body : body.slice(0, bytes)
}
