import type { IncomingMessage } from 'node:http'
import { type Refusal, refuse } from '@wigwag/socket'
import { HubError } from '../error/hub-error.ts'
import { collectBytes } from './collect-bytes.ts'

/**
 * Reads a request's body, up to `maxBytes`. Throws `tooLarge(maxBytes)` above it, before it is read whole: by default
 * `HubError` `ERR_PUBLICATION_TOO_LARGE`. Throws a refusal with 408 when it has not come whole within `timeoutMs`, however it drips.
 */
export async function readBody(
  incoming: IncomingMessage,
  maxBytes: number,
  timeoutMs: number,
  tooLarge: (maxBytes: number) => HubError | Refusal = publicationTooLarge,
): Promise<Uint8Array> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(tooSlow(timeoutMs)), timeoutMs)
  })
  try {
    return await Promise.race([collectBody(incoming, maxBytes, tooLarge), timeout])
  } finally {
    clearTimeout(timer)
  }
}

async function collectBody(
  incoming: IncomingMessage,
  maxBytes: number,
  tooLarge: (maxBytes: number) => HubError | Refusal,
): Promise<Uint8Array> {
  const body = await collectBytes(incoming, maxBytes)
  if (body === undefined) throw tooLarge(maxBytes)
  return body
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

function publicationTooLarge(maxBytes: number): HubError {
  return new HubError(
    'ERR_PUBLICATION_TOO_LARGE',
    `The body is larger than ${maxBytes} bytes. Publish less, or raise maxPublicationBytes (--max-publication).`,
  )
}
