import { findProgram } from './find-program.ts'
import { type ProxyConfig, type ProxyKind, ProxyServer, startProxy } from './proxy-server.ts'

const HAPROXY: ProxyKind = {
  program: findProgram('haproxy'),
  debianPackage: 'haproxy',
  args: (file) => ['-db', '-f', file],
  configure: (config) => `
global
  log stderr format raw local0
${config}
`,
}

/** Whether tests of haproxy can run here. */
export const hasHaproxy: boolean = HAPROXY.program !== undefined

/** A real haproxy. */
export class HaproxyServer extends ProxyServer {
  /** Starts it on a free port; resolves when it accepts connections. Rejects with its log when it ends instead. */
  static async start(config: ProxyConfig): Promise<HaproxyServer> {
    return new HaproxyServer(await startProxy(HAPROXY, config))
  }
}
