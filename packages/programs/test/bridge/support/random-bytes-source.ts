import { createHash, type Hash } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'

const CHUNK_BYTES = 256 * 1024

/** Sends `totalBytes` that no two seeds have in common, as fast as `socket` takes them; resolves with their SHA-256. */
export async function sendBytes(socket: Socket, totalBytes: number, seed: number): Promise<string> {
  const hash = createHash('sha256')
  let state = seed
  for (let sent = 0; sent < totalBytes; ) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, totalBytes - sent))
    // Marsaglia's xorshift: neither random nor repeating.
    for (let at = 0; at + 4 <= chunk.length; at += 4) {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      chunk.writeInt32LE(state | 0, at)
    }
    hash.update(chunk)
    sent += chunk.length
    if (!socket.write(chunk)) await once(socket, 'drain')
  }
  return hash.digest('hex')
}

/** What came on a socket until its end. */
export interface ReceivedBytes {
  readonly bytes: number
  readonly sha256: string
}

/** Reads a socket to its end. Rejects when it is reset. */
export async function receiveBytes(socket: Socket): Promise<ReceivedBytes> {
  const hash: Hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    hash.update(chunk)
    bytes += chunk.length
  }
  return { bytes, sha256: hash.digest('hex') }
}
