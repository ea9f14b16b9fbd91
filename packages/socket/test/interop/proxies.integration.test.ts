import { HaproxyServer, hasHaproxy, hasNginx, hasPythonModule, NginxServer } from '@wigwag/testkit'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { COMPRESSIONS } from './support/compressions.ts'
import { exchange } from './support/exchange.ts'
import type { ForeignProgram } from './support/foreign-program.ts'
import { OUR_SIDE } from './support/our-side.ts'
import { startPythonPeer, startWsPeer } from './support/programs.ts'
import { randomTraffic } from './support/traffic.ts'

const nginxConfig =
  (upstream: number) =>
  (port: number): string =>
    `
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${upstream};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_set_header Host $http_host;
    }
  }`

const haproxyConfig =
  (upstream: number) =>
  (port: number): string =>
    `
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  timeout tunnel 30s
frontend in
  bind 127.0.0.1:${port}
  default_backend out
backend out
  server out 127.0.0.1:${upstream}`

const PROXIES = [
  { name: 'nginx', isHere: hasNginx, start: (upstream: number) => NginxServer.start(nginxConfig(upstream)) },
  { name: 'haproxy', isHere: hasHaproxy, start: (upstream: number) => HaproxyServer.start(haproxyConfig(upstream)) },
] as const

const PEERS = [
  { name: 'ws', isHere: true, start: startWsPeer },
  {
    name: 'python3-websockets',
    isHere: hasPythonModule('websockets'),
    start: () => startPythonPeer('websockets_peer.py'),
  },
]

for (const proxy of PROXIES) {
  describe.skipIf(!proxy.isHere)(`through ${proxy.name}`, () => {
    const via = async (port: number): Promise<number> => {
      const started = await proxy.start(port)
      onTestFinished(() => started[Symbol.asyncDispose]())
      return started.port
    }

    for (const peer of PEERS) {
      describe.skipIf(!peer.isHere)(peer.name, () => {
        let foreign: ForeignProgram
        beforeAll(() => {
          foreign = peer.start()
        })
        afterAll(() => foreign?.[Symbol.asyncDispose]())

        test.each([
          ['as a client of our server', false],
          ['as a client of our server, compressed', true],
          ['as a server for our client', false],
          ['as a server for our client, compressed', true],
        ])('random traffic %s', async (how, isCompressed) => {
          const [client, server] = how.includes('our server') ? [foreign, OUR_SIDE] : [OUR_SIDE, foreign]
          const reports = await exchange(client, server, {
            fromClient: randomTraffic(41),
            fromServer: randomTraffic(42),
            closes: isCompressed ? 'client' : 'server',
            close: { code: 3000, reason: 'gone for tea' },
            compression: isCompressed ? COMPRESSIONS['by the defaults'] : null,
            via,
          })
          expect([reports.client.close.code, reports.server.close.code]).toEqual([3000, 3000])
          const ours = client === OUR_SIDE ? reports.client : reports.server
          if (isCompressed) expect(ours.extensions).toContain('permessage-deflate')
          else expect(ours.extensions).toBe('')
        })
      })
    }
  })
}
