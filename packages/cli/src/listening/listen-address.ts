import { networkInterfaces } from 'node:os'
import { parseTarget } from '@wigwag/programs/bridge'
import { isLoopbackAddress } from '@wigwag/socket'
import { InvalidArgumentError } from 'commander'
import { collect, parsePort } from '../argument-parsers.ts'

/** Where a command listens. */
export type ListenAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

/** How long the path of a socket may be: systems cut it off and take another one. */
const MAX_PATH_BYTES = process.platform === 'linux' ? 107 : 103

/** `PORT` on 127.0.0.1, `HOST:PORT`, `[IPV6]:PORT` or `unix:/path`; port 0 stands for any free one. */
export function parseListenAddress(text: string): ListenAddress {
  if (/^\d+$/.test(text)) return { kind: 'tcp', host: '127.0.0.1', port: parsePort(text) }
  // A target has no port 0.
  const anyPort = text.startsWith('unix:') ? undefined : /^(.+):0$/.exec(text)?.[1]
  const address = parseTarget(anyPort === undefined ? text : `${anyPort}:1`)
  if (address === undefined) {
    throw new InvalidArgumentError('It takes a port, HOST:PORT, [IPV6]:PORT, or unix:/path.')
  }
  if (address.kind === 'unix') checkPath(address.path)
  return anyPort === undefined || address.kind === 'unix' ? address : { ...address, port: 0 }
}

/** Collects what `--host` takes: addresses, names of network interfaces, unix sockets as `unix:/path` or `/path`. */
export function collectListenHosts(text: string, previous: readonly string[] | undefined): readonly string[] {
  const path = pathOf(text)
  if (path !== undefined) checkPath(path)
  if (text !== '' && (path === undefined || path.startsWith('/'))) return collect(text, previous)
  throw new InvalidArgumentError('It takes an address, the name of a network interface, or unix:/path.')
}

/** The addresses behind `--host` and `--port`. An interface stands for all of its addresses but those that need a zone. */
export function listenAddresses(hosts: readonly string[] | undefined, port: number): readonly ListenAddress[] {
  return (hosts ?? ['127.0.0.1']).flatMap((text): readonly ListenAddress[] => {
    const path = pathOf(text)
    if (path !== undefined) return [{ kind: 'unix', path }]
    const ofInterface = networkInterfaces()[text]?.filter(({ address }) => !/^fe[89ab]/i.test(address))
    return (ofInterface?.map(({ address }) => address) ?? [text]).map((host) => ({ kind: 'tcp', host, port }))
  })
}

/** The first that others than this machine's own programs can reach. */
export function findPublic(addresses: readonly ListenAddress[]): string | undefined {
  return addresses
    .flatMap((address) => (address.kind === 'tcp' ? [address.host] : []))
    .find((host) => !isLoopbackAddress(host))
}

function checkPath(path: string): void {
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return
  throw new InvalidArgumentError(`The path of a unix socket has at most ${MAX_PATH_BYTES} bytes.`)
}

function pathOf(text: string): string | undefined {
  if (text.startsWith('unix:')) return text.slice('unix:'.length)
  return text.startsWith('/') ? text : undefined
}
