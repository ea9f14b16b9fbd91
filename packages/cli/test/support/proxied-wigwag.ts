import { freePort, HaproxyServer, hasHaproxy, hasNginx, NginxServer, serveWigwag } from '@wigwag/testkit'
import { certificate, hasOpenssl } from './certificate.ts'
import type { Front } from './front.ts'
import type { GuidePlaces } from './proxy-guide.ts'

/** Whether tests of a proxy can run here. */
export function canProxy(kind: Setup['proxy']): boolean {
  return hasOpenssl && (kind === 'nginx' ? hasNginx : hasHaproxy)
}

/** A proxy in front of `wigwag serve`. */
export interface Setup {
  readonly proxy: 'nginx' | 'haproxy'
  readonly config: (places: GuidePlaces) => string
  /** Arguments of `wigwag serve`. */
  readonly serve?: (front: Front) => readonly string[]
  /** `https` where the proxy ends TLS. */
  readonly scheme?: 'http' | 'https'
  /** Below which path clients find it. */
  readonly prefix?: string
}

/** A running setup. */
export interface ProxiedWigwag extends AsyncDisposable {
  readonly front: Front
  readonly proxy: NginxServer | HaproxyServer
}

/** Starts the proxy, then Wigwag behind it. */
export async function startProxied(setup: Setup): Promise<ProxiedWigwag> {
  const { proxy: kind, scheme = 'http', prefix = '', config, serve } = setup
  const upstream = await freePort()
  const Server = kind === 'nginx' ? NginxServer : HaproxyServer
  const proxy = await Server.start((port) => config({ port, upstream, certificate: certificate() }))
  const front: Front = {
    url: `${scheme}://localhost:${proxy.port}${prefix}`,
    ca: scheme === 'https' ? certificate().pem : undefined,
  }
  const { program } = await serveWigwag(serve?.(front) ?? [], upstream)
  return {
    front,
    proxy,
    async [Symbol.asyncDispose]() {
      await program[Symbol.asyncDispose]()
      await proxy[Symbol.asyncDispose]()
    },
  }
}
