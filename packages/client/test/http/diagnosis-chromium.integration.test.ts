import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Client, CloseReason } from '@wigwag/client'
import { type ChannelEndpointOptions, type CreateHubOptions, createHub } from '@wigwag/hub/node'
import { expect, onTestFinished, test } from 'vitest'
import { blockWebSockets } from '../support/block-websockets.ts'
import { describeInChromium, servePages } from '../support/chromium.ts'

/** What the page has. */
interface Page {
  readonly wigwag: { readonly Client: typeof Client }
  readonly reasons: CloseReason[]
}

/** A server with pages, and with a hub where there are options of one. */
async function serve(options?: ChannelEndpointOptions & CreateHubOptions) {
  const server = createServer()
  const hub = options && createHub(options)
  hub?.attach(server, options)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    await hub?.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return { server, port, url: `http://127.0.0.1:${port}/` }
}

async function servePage() {
  const served = await serve()
  servePages(served.server)
  return served
}

describeInChromium(['@wigwag/client'], (createPage) => {
  /** What a page at one URL is told of a client that connects to another. */
  async function openPage(pageUrl: string) {
    const created = await createPage()
    await created.open(pageUrl)
    const { page } = created
    const connect = (url: string) =>
      page.evaluate((to) => {
        const reasons: CloseReason[] = []
        const client = new (globalThis as unknown as Page).wigwag.Client(to, { minDelayMs: 2000 })
        Object.assign(globalThis, { reasons, client })
        client.on('connecting', ({ reason }) => reasons.push(reason))
        client.connect()
      }, url)
    /** The reason of the first attempt: what is told of it at once, and what then. */
    const reasons = async (count = 2) => {
      await page.waitForFunction((wanted) => (globalThis as unknown as Page).reasons.length > wanted, count)
      return page.evaluate((end) => (globalThis as unknown as Page).reasons.slice(1, end + 1), count)
    }
    return { ...created, connect, reasons }
  }
  const NEVER_OPENED = { name: 'unreachable', code: 1006 }

  test('an origin that the hub does not have: so much is told as a page of it may know', async () => {
    const { url, port } = await servePage()
    const hub = await serve({})
    const { connect, reasons } = await openPage(url)
    await connect(hub.url)
    const text = `pages of http://127.0.0.1:${port} may not read what answers`
    expect(await reasons()).toMatchObject([NEVER_OPENED, { name: 'forbidden', text, retryable: true }])
  })

  test('a page of the hub itself whose Host is another, as behind a proxy that changes it: in the words of the hub', async () => {
    const { server, url } = await serve({ allowOrigins: ['https://shop.example'] })
    servePages(server)
    const { emit } = server
    server.emit = (event: string, ...args: unknown[]) => {
      if (event === 'request' || event === 'upgrade') {
        const [{ headers, rawHeaders }] = args as [IncomingMessage]
        rawHeaders[rawHeaders.findIndex((name) => name.toLowerCase() === 'host') + 1] = '127.0.0.1:80'
        headers.host = '127.0.0.1:80'
      }
      return Reflect.apply(emit, server, [event, ...args]) as boolean
    }
    const { connect, reasons } = await openPage(url)
    await connect('/')
    const text = expect.stringMatching(/^Origin "http:\/\/127\.0\.0\.1:\d+" does not match Host "127\.0\.0\.1:80"/)
    expect(await reasons()).toMatchObject([NEVER_OPENED, { name: 'forbidden', code: 403, text }])
  })

  test('a hub that is full, for a page of another origin that may read it: when to come back, too', async () => {
    const { url } = await servePage()
    const hub = await serve({ allowOrigins: [url.slice(0, -1)], sessions: { maxSessions: 1 } })
    const first = await openPage(url)
    await first.connect(hub.url)
    await first.page.waitForFunction(
      () => (globalThis as unknown as { client: Client }).client.state.phase === 'connected',
    )
    const { connect, reasons } = await openPage(url)
    await connect(hub.url)
    const [, full] = await reasons()
    expect(full).toMatchObject({ name: 'refusedForNow', code: 503, text: expect.stringContaining('maxSessions') })
    expect(full?.delayMs).toBeGreaterThanOrEqual(5000)
  })

  test('a path where no hub is, a door that wants to know who comes, and a proxy that lets no WebSocket through', async () => {
    const { server, url } = await serve({})
    const others = new Map([
      ['/elsewhere/', { code: 404, text: 'There is nothing here.' }],
      ['/private/', { code: 401, text: 'Who are you?' }],
    ])
    const otherOf = (path = '') => others.get(path.replace('connection/websocket', ''))
    server.on('request', (request, response) => {
      const { code, text } = otherOf(request.url) ?? {}
      if (code !== undefined) response.writeHead(code, { 'content-type': 'text/plain' }).end(text)
    })
    servePages(server)
    server.on('upgrade', (request, socket) => otherOf(request.url) && socket.destroy())
    const { connect, reasons } = await openPage(url)
    await connect('/elsewhere/')
    expect(await reasons()).toMatchObject([NEVER_OPENED, { name: 'notFound', ...others.get('/elsewhere/') }])
    await connect('/private/')
    expect(await reasons()).toMatchObject([NEVER_OPENED, { name: 'forbidden', ...others.get('/private/') }])
    onTestFinished(blockWebSockets(server, 'refused'))
    await connect('/')
    expect(await reasons()).toMatchObject([NEVER_OPENED, { name: 'webSocketBlocked', code: 426 }])
  })

  test('nobody there: it stays at that; and a device without a network knows so', async () => {
    const { url } = await servePage()
    const gone = await serve()
    await new Promise((resolve) => gone.server.close(resolve))
    const { page, context, connect, reasons } = await openPage(url)
    const asked: string[] = []
    page.on('requestfailed', (request) => asked.push(`${request.method()} ${request.url()}`))
    // A port where nobody listens, a server that does not speak TLS, and a name that nobody has.
    for (const there of [gone.url, url.replace('http', 'https'), 'http://nobody.invalid/']) {
      asked.length = 0
      await connect(there)
      // Twice, because of another origin: what may not be read, or nobody.
      await expect.poll(() => asked.length).toBe(2)
      expect(new Set(asked)).toEqual(new Set([`POST ${there}connection/websocket`]))
      // By then it would have been told of more.
      expect(await page.evaluate(() => (globalThis as unknown as Page).reasons.slice(1))).toMatchObject([NEVER_OPENED])
    }
    await context.setOffline(true)
    await connect('/')
    expect(await reasons()).toMatchObject([NEVER_OPENED, { name: 'offline', retryable: true }])
  })
})
