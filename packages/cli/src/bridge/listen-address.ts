import { parseTarget } from '@wigwag/programs/bridge'
import { InvalidArgumentError } from 'commander'
import { parsePort } from '../argument-parsers.ts'

/** Where a bridge listens. */
export type ListenAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

/** `PORT` on 127.0.0.1, `HOST:PORT`, `[IPV6]:PORT` or `unix:/path`; port 0 stands for any free one. */
export function parseListenAddress(text: string): ListenAddress {
  if (/^\d+$/.test(text)) return { kind: 'tcp', host: '127.0.0.1', port: parsePort(text) }
  // A target has no port 0.
  const anyPort = text.startsWith('unix:') ? undefined : /^(.+):0$/.exec(text)?.[1]
  const address = parseTarget(anyPort === undefined ? text : `${anyPort}:1`)
  if (address === undefined) {
    throw new InvalidArgumentError('It takes a port, HOST:PORT, [IPV6]:PORT, or unix:/path.')
  }
  return anyPort === undefined || address.kind === 'unix' ? address : { ...address, port: 0 }
}
