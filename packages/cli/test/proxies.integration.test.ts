import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, openSocket } from './support/front.ts'
import { nginxWith, UPGRADE } from './support/nginx-location.ts'
import { canProxy, type ProxiedWigwag, type Setup, startProxied } from './support/proxied-wigwag.ts'
import { changeBlock, fillIn, guideArguments, guideBlock } from './support/proxy-guide.ts'
import { SESSION_WAYS } from './support/session-ways.ts'
import { WAYS } from './support/ways.ts'

const NGINX = guideBlock('nginx')
const LOCATION = '  location / {\n    proxy_pass http://127.0.0.1:8000;\n'

const SETUPS: Readonly<Record<string, Setup>> = {
  'nginx as the guide has it': {
    proxy: 'nginx',
    scheme: 'https',
    config: (places) => fillIn(NGINX, places),
    serve: () => guideArguments('serve'),
  },
  'haproxy as the guide has it': {
    proxy: 'haproxy',
    scheme: 'https',
    config: (places) => fillIn(guideBlock('haproxy'), places),
    serve: () => guideArguments('serve'),
  },
  'nginx that speaks TLS to Wigwag': {
    proxy: 'nginx',
    scheme: 'https',
    config: (places) =>
      fillIn(changeBlock(NGINX, '    proxy_pass http://127.0.0.1:8000;\n', guideBlock('nginx-tls')), places),
    serve: () => guideArguments('serve-tls'),
  },
  'nginx that passes a prefix on': {
    proxy: 'nginx',
    scheme: 'https',
    prefix: '/push',
    config: (places) => fillIn(changeBlock(NGINX, LOCATION, guideBlock('nginx-prefix')), places),
    serve: () => guideArguments('serve-prefix'),
  },
  'nginx that takes a prefix away': {
    proxy: 'nginx',
    scheme: 'https',
    prefix: '/push',
    config: (places) => fillIn(changeBlock(NGINX, LOCATION, guideBlock('nginx-stripped')), places),
    serve: () => guideArguments('serve'),
  },
  'nginx that says Connection: upgrade on everything': {
    proxy: 'nginx',
    config: nginxWith(...UPGRADE, 'proxy_set_header Host $http_host;'),
  },
  'nginx that says Upgrade: websocket on everything': {
    proxy: 'nginx',
    config: nginxWith(
      'proxy_http_version 1.1;',
      'proxy_set_header Upgrade "websocket";',
      'proxy_set_header Connection "upgrade";',
      'proxy_set_header Host $http_host;',
    ),
  },
  'nginx that drops the port of Host, and is trusted': {
    proxy: 'nginx',
    config: nginxWith(...UPGRADE, 'proxy_set_header Host $host;'),
    serve: () => ['--trusted-proxy', 'loopback'],
  },
  'nginx without a line for Host, whose origin is allowed': {
    proxy: 'nginx',
    config: nginxWith(...UPGRADE),
    serve: ({ url }) => ['--allow-origin', url],
  },
  'nginx without a line for Host that says X-Forwarded-Host, and is trusted': {
    proxy: 'nginx',
    config: nginxWith(...UPGRADE, 'proxy_set_header X-Forwarded-Host $http_host;'),
    serve: () => ['--trusted-proxy', '127.0.0.1'],
  },
  'nginx that compresses and buffers': {
    proxy: 'nginx',
    config: nginxWith(
      ...UPGRADE,
      'proxy_set_header Host $http_host;',
      'proxy_buffering on;',
      'gzip on;',
      'gzip_min_length 1;',
      'gzip_proxied any;',
      'gzip_types text/plain text/event-stream application/x-ndjson application/json;',
    ),
  },
  'haproxy with the time-outs that Debian ships': {
    proxy: 'haproxy',
    config: ({ port, upstream }) => `
defaults
  log global
  mode http
  option httplog
  option dontlognull
  timeout connect 5000
  timeout client 50000
  timeout server 50000
frontend in
  bind 127.0.0.1:${port}
  default_backend wigwag
backend wigwag
  option forwardfor
  server wigwag 127.0.0.1:${upstream}`,
  },
}

for (const [name, setup] of Object.entries(SETUPS)) {
  describe.skipIf(!canProxy(setup.proxy))(`behind ${name}`, () => {
    let proxied: ProxiedWigwag
    beforeAll(async () => {
      proxied = await startProxied(setup)
    })
    afterAll(() => proxied?.[Symbol.asyncDispose]())

    test.concurrent.each([...WAYS, ...SESSION_WAYS])('$name', ({ check }) => check(proxied.front))
  })
}

test.skipIf(!canProxy('nginx'))(
  'a tag that nginx weakened because it compressed the answer is taken for what it is',
  async () => {
    const setup = SETUPS['nginx that compresses and buffers'] as Setup
    await using proxied = await startProxied(setup)
    await ask(proxied.front, '/channel/a', { method: 'POST', body: 'x' })
    const { headers } = await ask(proxied.front, '/channel/a', { headers: { 'accept-encoding': 'gzip' } })
    expect(headers).toMatchObject({ 'content-encoding': 'gzip', etag: expect.stringMatching(/^W\//) })
    const nothing = await ask(proxied.front, '/channel/a', { headers: { 'if-none-match': String(headers.etag) } })
    expect(nothing.status).toBe(304)
  },
)

test.skipIf(!canProxy('nginx'))(
  'over HTTP/2 a browser needs one connection for as many streams as there are',
  async () => {
    const config = changeBlock(NGINX, 'listen 443 ssl;', 'listen 443 ssl http2;')
    await using proxied = await startProxied({
      proxy: 'nginx',
      scheme: 'https',
      config: (places) => fillIn(config, places),
      serve: () => guideArguments('serve'),
    })
    const { url, ca } = proxied.front
    const session = connectHttp2(url, ca === undefined ? {} : { ca })
    try {
      const streams = Array.from({ length: 20 }, (_, i) =>
        session.request({ ':path': '/channel/a', accept: i % 2 === 0 ? 'text/event-stream' : 'application/x-ndjson' }),
      )
      const texts = streams.map((stream) => {
        let text = ''
        stream.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        return async (expected: string): Promise<void> => {
          while (!text.includes(expected)) await once(stream, 'data')
        }
      })
      await Promise.all(texts.map((until) => until('"recovered":0')))
      await ask(proxied.front, '/channel/a', { method: 'POST', body: 'to all of them' })
      await Promise.all(texts.map((until) => until('to all of them')))
    } finally {
      session.destroy()
    }
  },
)

describe.skipIf(!canProxy('nginx'))('behind nginx that speaks HTTP/1.0 to its upstreams, as it does by itself', () => {
  let proxied: ProxiedWigwag
  beforeAll(async () => {
    const config = nginxWith('proxy_set_header Host $http_host;')
    proxied = await startProxied({ proxy: 'nginx', config })
  })
  afterAll(() => proxied?.[Symbol.asyncDispose]())

  test.concurrent.each([...WAYS, ...SESSION_WAYS].filter(({ needsUpgrade }) => !needsUpgrade))('$name', ({ check }) =>
    check(proxied.front),
  )

  test('but a WebSocket is told which lines are missing', async () => {
    const refused = openSocket(proxied.front, '/channel/a')
    const body = expect.stringContaining('proxy_set_header Upgrade $http_upgrade')
    await expect(refused).rejects.toMatchObject({ status: 426, body })
  })

  test('also when only the version is', async () => {
    const [, ...lines] = UPGRADE
    const config = nginxWith(...lines, 'proxy_set_header Host $http_host;')
    await using incomplete = await startProxied({ proxy: 'nginx', config })
    const refused = openSocket(incomplete.front, '/channel/a')
    await expect(refused).rejects.toMatchObject({
      status: 400,
      body: expect.stringContaining('proxy_http_version 1.1'),
    })
  })
})
