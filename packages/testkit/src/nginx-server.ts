import { findProgram } from './find-program.ts'
import { type ProxyConfig, type ProxyKind, ProxyServer, startProxy } from './proxy-server.ts'

const NGINX: ProxyKind = {
  program: findProgram('nginx'),
  debianPackage: 'nginx-light',
  args: (file) => ['-c', file, '-e', 'stderr'],
  configure: (config, folder) => `
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr notice;
${process.getuid?.() === 0 ? 'user root;' : ''}
events {}
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
${config}
}
`,
}

/** Whether tests of nginx can run here. */
export const hasNginx: boolean = NGINX.program !== undefined

/** A real nginx. Its configuration is what stands in `http { … }`. */
export class NginxServer extends ProxyServer {
  /** Starts it on a free port; resolves when it accepts connections. Rejects with its log when it ends instead. */
  static async start(config: ProxyConfig): Promise<NginxServer> {
    return new NginxServer(await startProxy(NGINX, config))
  }

  /** `nginx -s reload`: resolves when new connections are met by the configuration as it is now, and old ones go on as they were. */
  async reload(config?: ProxyConfig): Promise<void> {
    const reloads = [...this.log.matchAll(/gracefully shutting down/g)].length
    this.rewrite(config)
    this.signal('SIGHUP')
    await this.logged(new RegExp(`(?:gracefully shutting down[^]*){${reloads + 1}}`))
  }
}
