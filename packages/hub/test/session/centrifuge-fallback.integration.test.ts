import { hasNginx, NginxServer } from '@wigwag/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { fallingBackRealms } from '../support/client-realms.ts'

/** An nginx as somebody sets it up who has not thought of WebSockets: HTTP/1.0 upstream, and buffers. */
const nginxWith =
  (...lines: string[]) =>
  async (upstream: number): Promise<number> => {
    const nginx = await NginxServer.start(
      (port) => `
server {
  listen 127.0.0.1:${port};
  ${lines.join('\n  ')}
  location / {
    proxy_pass http://127.0.0.1:${upstream};
    proxy_set_header Host $http_host;
  }
}`,
    )
    onTestFinished(() => nginx[Symbol.asyncDispose]())
    return nginx.port
  }

describe.skipIf(!hasNginx).each(fallingBackRealms())('clients of centrifuge fall back in $name', ({ serve }) => {
  test.each([
    ['http_stream', 'does not pass upgrades on', []],
    ['sse', 'lets no streams be asked for with POST, either', ['location /connection/http_stream { return 403; }']],
  ])('to %s where a proxy %s', async (transport, _what, lines) => {
    const { hub, user, line } = await serve({ namespaces: { '': { publish: 'subscriber' } } }, nginxWith(...lines))
    const ann = await user()
    expect((await ann.connect()).transport).toBe(transport)
    await ann.subscribe('news')
    expect([...hub.sessions].map((session) => session.transport)).toEqual([transport])
    await ann.run(({ centrifuge }) => centrifuge.publish('news', 1))
    await hub.publish('news', 2)
    expect((await ann.heard('news', 'publication', 2)).map(({ data }) => data)).toEqual([1, 2])
    line.cut()
    await ann.heard('', 'connecting', 2)
    await hub.publish('news', 3)
    line.mend()
    expect((await ann.heard('', 'connected', 2))[1]?.transport).toBe(transport)
    expect((await ann.heard('news', 'publication', 3)).map(({ data }) => data)).toEqual([1, 2, 3])
  })

  test('to nothing else where a WebSocket gets through', async () => {
    const { user } = await serve()
    expect((await (await user()).connect()).transport).toBe('websocket')
  })

  test('where the server refuses WebSockets alone', async () => {
    const { hub, server, user } = await serve()
    const { emit } = server
    server.emit = function (this: typeof server, event: string | symbol, ...rest: unknown[]): boolean {
      if (event !== 'upgrade') return Reflect.apply(emit, this, [event, ...rest]) as boolean
      ;(rest[1] as { end(text: string): void }).end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n')
      return true
    }
    const ann = await user()
    expect((await ann.connect()).transport).toBe('http_stream')
    expect(hub.sessions.stats.connected).toBe(1)
  })
})
