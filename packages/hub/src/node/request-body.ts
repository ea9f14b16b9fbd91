import type { IncomingMessage } from 'node:http'
import { type Refusal, refuse } from '@wigwag/socket'
import { HubError } from '../error/hub-error.ts'

/**
 * Reads a request's body, up to `maxBytes`. Throws `HubError` `ERR_PUBLICATION_TOO_LARGE` above it, before it is read
 * whole, and a refusal with 408 when it has not come whole within `timeoutMs`, however it drips.
 */
export async function readBody(incoming: IncomingMessage, maxBytes: number, timeoutMs: number): Promise<Uint8Array> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(tooSlow(timeoutMs)), timeoutMs)
  })
  try {
    return await Promise.race([collectBody(incoming, maxBytes), timeout])
  } finally {
    clearTimeout(timer)
  }
}

async function collectBody(incoming: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  if (Number(incoming.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes)
  // Of its own: history may keep it, and must not keep a slab of Node's pool with it. Copied as it comes: an object kept
  // for each chunk would take two hundred times what a chunk of one byte does.
  let body = new Uint8Array(0)
  let bytes = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    const needed = bytes + chunk.length
    if (needed > maxBytes) throw tooLarge(maxBytes)
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

/** Text of UTF-8; nothing when it is not well-formed. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function tooSlow(timeoutMs: number): Refusal {
  return refuse(
    408,
    `The body did not come whole within ${timeoutMs} ms. Send it faster, or raise bodyTimeoutMs (--request-timeout).`,
  )
}

function tooLarge(maxBytes: number): HubError {
  return new HubError(
    'ERR_PUBLICATION_TOO_LARGE',
    `The body is larger than ${maxBytes} bytes. Publish less, or raise maxPublicationBytes (--max-publication).`,
  )
}
