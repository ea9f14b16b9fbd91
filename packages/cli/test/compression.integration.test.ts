import { type NodeWebSocket, WebSocketServer } from '@wigwag/socket'
import { hasChromium, launchChromium, runWigwag, serveWigwag } from '@wigwag/testkit'
import { describe, expect, test } from 'vitest'
import { ask, openSocket } from './support/front.ts'
import { canProxy, type Setup, startProxied } from './support/proxied-wigwag.ts'
import { fillIn, guideArguments, guideBlock } from './support/proxy-guide.ts'

const TEXT = 'compressed on its way through, '.repeat(100)

describe('wigwag serve --compress', () => {
  test('compresses for whoever offers it; without the flag it does not', async () => {
    for (const [args, expected] of [
      [['--compress'], 'permessage-deflate'],
      [[], ''],
    ] as const) {
      const server = await serveWigwag(args)
      await using _program = server.program
      using socket = await openSocket({ url: server.url }, '/channel/foo')
      expect(socket.socket.extensions.split(';')[0]).toBe(expected)
      socket.socket.send(TEXT)
      expect(await socket.next()).toBe(TEXT)
    }
  })

  test('its help says what it costs', async () => {
    const { stdout } = await runWigwag(['serve', '--help']).exit
    expect(stdout).toMatch(/--compress +compress WebSocket messages[\s\S]*With --compress messages from 128 bytes on/)
  })
})

describe('wigwag connect', () => {
  test.each([
    [[], /^permessage-deflate/],
    [['--no-compress'], /^none\n/],
  ])('with %j', async (args, expected) => {
    await using peer = new WebSocketServer({
      perMessageDeflate: true,
      open: (socket: NodeWebSocket<undefined>) => {
        socket.send(socket.extensions === '' ? 'none' : socket.extensions)
        socket.send(TEXT)
        socket.close(1000)
      },
    })
    const { port } = await peer.listen({ port: 0, host: '127.0.0.1' })
    const { code, stdout } = await runWigwag(['connect', ...args, `ws://127.0.0.1:${port}`]).exit
    expect(code).toBe(0)
    expect(stdout).toMatch(expected)
    expect(stdout).toContain(TEXT)
  })
})

describe.each(['nginx', 'haproxy'] as const)('behind %s as the guide has it, with --compress', (proxy) => {
  const setup: Setup = {
    proxy,
    scheme: 'https',
    config: (places) => fillIn(guideBlock(proxy), places),
    serve: () => [...guideArguments('serve'), '--compress'],
  }

  test.skipIf(!canProxy(proxy))('the extension is negotiated, and messages come as they were sent', async () => {
    await using proxied = await startProxied(setup)
    using socket = await openSocket(proxied.front, '/channel/foo')
    expect(socket.socket.extensions).toBe('permessage-deflate; server_max_window_bits=12; client_max_window_bits=12')
    for (const text of [TEXT, 'small', TEXT]) {
      socket.socket.send(text)
      expect(await socket.next()).toBe(text)
    }
  })

  test.skipIf(!canProxy(proxy) || !hasChromium)('also with Chromium', async () => {
    await using proxied = await startProxied(setup)
    await using browser = await launchChromium()
    const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage()
    await page.goto(`${proxied.front.url}/`)
    const [extensions, echoed] = await page.evaluate(
      (text) =>
        new Promise<[string, string]>((resolve, reject) => {
          const socket = new WebSocket(`wss://${location.host}/channel/chromium`)
          socket.onopen = () => socket.send(text)
          socket.onmessage = ({ data }) => resolve([socket.extensions, data])
          socket.onclose = ({ code }) => reject(new Error(`closed with ${code}`))
        }),
      TEXT,
    )
    expect(extensions).toBe('permessage-deflate; server_max_window_bits=12; client_max_window_bits=12')
    expect(echoed).toBe(TEXT)
    expect((await ask(proxied.front, '/channel/chromium')).body).toBe(TEXT)
  })
})
