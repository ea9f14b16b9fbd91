import { fallback } from '../fallback/fallback.ts'
import type { Transport } from '../transport/transport.ts'
import { type HttpLine, openHttpLine } from './http-line.ts'
import { type HttpTransportOptions, resolveHttpOptions } from './http-options.ts'

/**
 * A transport over plain HTTP, to which one falls back. `run` brings packets down a line until that is over. Throws `ClientError`
 * `ERR_OPTION` for a number that is none.
 */
export function httpTransport(
  name: string,
  options: HttpTransportOptions,
  run: (line: HttpLine) => Promise<void>,
): Transport {
  const resolved = resolveHttpOptions(options)
  return { name, choose: fallback, options, open: (url, sink) => openHttpLine(url, sink, resolved, run) }
}
