import { deflateRawSync, constants as zlib } from 'node:zlib'
import { nodeDeflate, type PerMessageDeflateOptions } from '@wigwag/socket'
import {
  answerExtensions,
  type DeflatePort,
  type ExtensionChain,
  PerMessageDeflate,
  parseExtensions,
} from '@wigwag/socket/core'

/** permessage-deflate as a server negotiated it for `offer`, on a real zlib. Default: without context takeover. */
export function deflateChain(
  options: PerMessageDeflateOptions = {},
  offer: string = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
  port: DeflatePort = nodeDeflate,
): ExtensionChain {
  const parsed = parseExtensions(offer)
  if ('fault' in parsed) throw new Error(parsed.fault)
  const extension = new PerMessageDeflate({ thresholdBytes: 0, ...options }, port)
  return answerExtensions(parsed.offers, [extension]).chain as ExtensionChain
}

/** What a peer puts into a frame with RSV1 (RFC 7692 §7.2.1): a raw deflate stream without its last four bytes. */
export function compress(payload: Uint8Array): Uint8Array {
  return new Uint8Array(deflateRawSync(payload, { finishFlush: zlib.Z_SYNC_FLUSH }).subarray(0, -4))
}
