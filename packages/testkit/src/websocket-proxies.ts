import { HaproxyServer, hasHaproxy } from './haproxy-server.ts'
import { hasNginx, NginxServer } from './nginx-server.ts'
import type { ProxyServer } from './proxy-server.ts'

/** A kind of reverse proxy, configured as its guides say for WebSockets. */
export interface WebSocketProxy {
  readonly name: string
  /** Whether it is installed. */
  readonly isHere: boolean
  /** Starts one in front of a server at `upstream`, as in `127.0.0.1:8000`. */
  start(upstream: string): Promise<ProxyServer>
}

/** The proxies that tests of WebSockets go through. */
export const WEBSOCKET_PROXIES: readonly WebSocketProxy[] = [
  {
    name: 'nginx',
    isHere: hasNginx,
    start: (upstream) =>
      NginxServer.start(
        (port) => `
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://${upstream};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
    }
  }`,
      ),
  },
  {
    name: 'haproxy',
    isHere: hasHaproxy,
    start: (upstream) =>
      HaproxyServer.start(
        (port) => `
defaults
  mode http
  option forwardfor
  retries 0
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  timeout tunnel 30s
frontend in
  bind 127.0.0.1:${port}
  default_backend out
backend out
  server out ${upstream}`,
      ),
  },
]
