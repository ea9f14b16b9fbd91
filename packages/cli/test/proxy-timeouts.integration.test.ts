import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { ask, openSocket, openStream } from './support/front.ts'
import { nginxWith, UPGRADE } from './support/nginx-location.ts'
import { canProxy, type Setup, startProxied } from './support/proxied-wigwag.ts'

/** In place of the 60 s that proxies usually wait. */
const READ_TIMEOUT_MS = 2000

const haproxyWith =
  (...lines: string[]): Setup['config'] =>
  ({ port, upstream }) =>
    `
defaults
  mode http
  timeout connect 5s
  timeout client ${READ_TIMEOUT_MS}ms
  timeout server ${READ_TIMEOUT_MS}ms
  ${lines.join('\n  ')}
listen wigwag
  bind 127.0.0.1:${port}
  option forwardfor
  server wigwag 127.0.0.1:${upstream}`

const PROXIES: readonly Pick<Setup, 'proxy' | 'config'>[] = [
  { proxy: 'nginx', config: nginxWith(...UPGRADE, `proxy_read_timeout ${READ_TIMEOUT_MS}ms;`) },
  { proxy: 'haproxy', config: haproxyWith() },
]

for (const setup of PROXIES) {
  describe.skipIf(!canProxy(setup.proxy)).concurrent(`${setup.proxy} with a read time-out`, () => {
    test('does not end what is silent for longer, because Wigwag pings before', async () => {
      await using proxied = await startProxied({ ...setup, serve: () => ['--ping-interval', '300ms'] })
      const { front } = proxied
      using socket = await openSocket(front, '/channel/a')
      using stream = await openStream(front, '/channel/a', { headers: { accept: 'text/event-stream' } })
      await stream.until(/: live/)
      await sleep(3 * READ_TIMEOUT_MS)
      await ask(front, '/channel/a', { method: 'POST', body: 'after the silence' })
      expect(await socket.next()).toBe('after the silence')
      await stream.until(/data: after the silence\n\n/)
    })

    test('ends it where the ping interval is longer than the time-out', async () => {
      await using proxied = await startProxied({ ...setup, serve: () => ['--ping-interval', '10m'] })
      using socket = await openSocket(proxied.front, '/channel/a')
      using stream = await openStream(proxied.front, '/channel/a', { headers: { accept: 'text/event-stream' } })
      expect(await socket.closed).toEqual({ code: 1006 })
      await stream.ended
    })

    test('lets long polls wait that end before it, and answers 504 to others', async () => {
      await using patient = await startProxied(setup)
      expect((await ask(patient.front, '/channel/a?wait=50')).status).toBe(504)
      await using proxied = await startProxied({ ...setup, serve: () => ['--max-poll-wait', '500ms'] })
      expect((await ask(proxied.front, '/channel/a?wait=50')).status).toBe(204)
    })
  })
}

test.skipIf(!canProxy('haproxy'))(
  'timeout tunnel of haproxy takes the place of its read time-out, for WebSockets',
  async () => {
    const config = haproxyWith('timeout tunnel 1h')
    await using proxied = await startProxied({ proxy: 'haproxy', config, serve: () => ['--ping-interval', '10m'] })
    using socket = await openSocket(proxied.front, '/channel/a')
    await sleep(3 * READ_TIMEOUT_MS)
    socket.socket.send('after the silence')
    expect(await socket.next()).toBe('after the silence')
  },
)
