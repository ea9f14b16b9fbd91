import type { MessageExtension, PerMessageDeflateOptions } from '@wigwag/socket/core'
import { resolveExtensions } from '@wigwag/socket/driver'

/** permessage-deflate as programs configure it. What is not listed has no meaning here. */
export interface WsDeflateOptions {
  readonly serverNoContextTakeover?: boolean | undefined
  readonly clientNoContextTakeover?: boolean | undefined
  /** 8 to 15. `false` (a server's): not offered a smaller window, which has no effect here. */
  readonly serverMaxWindowBits?: number | boolean | undefined
  /** 8 to 15, or whether the client offers to use a smaller one. */
  readonly clientMaxWindowBits?: number | boolean | undefined
  /** From how many bytes on a message is compressed. Default 1024 without context takeover, else 128. */
  readonly threshold?: number | undefined
  readonly zlibDeflateOptions?:
    | { readonly level?: number | undefined; readonly memLevel?: number | undefined }
    | undefined
}

/** What an other end would notice is as in `ws`: the largest windows. What it would not is as in the house: 4 KiB. */
const WINDOW_BITS = 15
const OUTBOUND_WINDOW_BITS = 12
const THRESHOLD_BYTES = 128
const THRESHOLD_BYTES_WITHOUT_TAKEOVER = 1024

/** The extensions that a socket with this option speaks. Throws `UsageError` `ERR_OPTION` for a number out of range. */
export function resolveDeflate(option: boolean | WsDeflateOptions | undefined): readonly MessageExtension[] {
  if (option === undefined || option === false || option === null) return []
  return resolveExtensions({ perMessageDeflate: toDeflateOptions(option === true ? {} : option) }, false)
}

function toDeflateOptions(options: WsDeflateOptions): PerMessageDeflateOptions {
  const { serverNoContextTakeover = false, clientNoContextTakeover = false, zlibDeflateOptions = {} } = options
  const { level, memLevel } = zlibDeflateOptions
  const withoutTakeover = serverNoContextTakeover || clientNoContextTakeover
  return {
    serverNoContextTakeover: Boolean(serverNoContextTakeover),
    clientNoContextTakeover: Boolean(clientNoContextTakeover),
    // A window that was not chosen is left out, so that a larger one is accepted.
    serverMaxWindowBits: bitsOf(options.serverMaxWindowBits),
    clientMaxWindowBits: bitsOf(options.clientMaxWindowBits),
    outboundWindowBits: OUTBOUND_WINDOW_BITS,
    thresholdBytes: options.threshold ?? (withoutTakeover ? THRESHOLD_BYTES_WITHOUT_TAKEOVER : THRESHOLD_BYTES),
    // zlib's -1 is its default, and 0 stores: the least that we do is 1.
    ...(level === undefined || level === -1 ? {} : { level: Math.max(level, 1) }),
    ...(memLevel === undefined ? {} : { memLevel }),
  }
}

function bitsOf(value: number | boolean | undefined): number {
  return typeof value === 'number' ? value : WINDOW_BITS
}
