import type { Setup } from './proxied-wigwag.ts'

/** An nginx without TLS whose only location has these lines. */
export const nginxWith =
  (...lines: string[]): Setup['config'] =>
  ({ port, upstream }) =>
    `
server {
  listen 127.0.0.1:${port};
  location / {
    proxy_pass http://127.0.0.1:${upstream};
    ${lines.join('\n    ')}
  }
}`

/** What passes a WebSocket's handshake on, and says that every request is one. */
export const UPGRADE: readonly string[] = [
  'proxy_http_version 1.1;',
  'proxy_set_header Upgrade $http_upgrade;',
  'proxy_set_header Connection "upgrade";',
]
