import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { diagnosed, Socket, SocketOptions, SocketState } from '@wigwag/client/socket'
import { FaultProxy, HEALTHY } from '@wigwag/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { type WebSocket as ServerSocket, WebSocketServer } from 'ws'
import { describeInChromium, servePages } from './support/chromium.ts'

/** What the page has. */
interface Page {
  readonly wigwag: { readonly Socket: typeof Socket; readonly diagnosed: typeof diagnosed }
  readonly socket: Socket
  readonly states: SocketState[]
  readonly messages: unknown[]
  readonly prices: unknown[]
  readonly errors: string[]
}

/** A server of WebSockets and of the page that has never heard of hubs, behind a line that can be cut. */
async function serve() {
  const server = createServer()
  servePages(server)
  const sockets = new WebSocketServer({ server })
  const peers: ServerSocket[] = []
  const heard: (string | number[])[] = []
  const waiting = new Set<() => void>()
  const tell = (): void => {
    for (const look of waiting) look()
  }
  sockets.on('connection', (peer) => {
    peers.push(peer)
    peer.on('message', (data: Buffer, isBinary) => {
      heard.push(isBinary ? [...data] : data.toString())
      tell()
    })
    tell()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const line = new FaultProxy((server.address() as AddressInfo).port)
  const url = `http://127.0.0.1:${await line.listen()}/`
  onTestFinished(async () => {
    await line[Symbol.asyncDispose]()
    for (const peer of peers) peer.terminate()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  /** Resolves when something that the server saw is so. */
  const until = (isSo: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!isSo()) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
    })
  return { line, url, peers, heard, until }
}

describeInChromium(['@wigwag/client/socket'], (createPage) => {
  /** A page with a socket to the server that it came from. */
  async function openPage(url: string, options: SocketOptions = {}) {
    const created = await createPage()
    const { page, open } = created
    await open(url)
    await page.evaluate((given) => {
      const { wigwag } = globalThis as unknown as Page
      const [states, messages, prices, errors]: unknown[][] = [[], [], [], []]
      Object.assign(globalThis, { states, messages, prices, errors })
      const socket = new wigwag.Socket('/', {
        on: { price: (message: { cents: number }) => prices?.push(message.cents) },
        minDelayMs: 1,
        maxDelayMs: 20,
        diagnose: wigwag.diagnosed,
        reconnectsAfter: (code) => code !== 4001,
        ...given,
      })
      Object.assign(globalThis, { socket })
      socket.on('state', (state) => states?.push(state))
      socket.on('message', (message) =>
        messages?.push(message instanceof ArrayBuffer ? [...new Uint8Array(message)] : message),
      )
      socket.on('error', ({ code }) => errors?.push(code))
    }, options)
    const read = <Key extends 'states' | 'messages' | 'prices' | 'errors'>(key: Key): Promise<Page[Key]> =>
      page.evaluate((name) => (globalThis as unknown as Page)[name as 'states'], key) as Promise<Page[Key]>
    const ready = () => page.evaluate(() => (globalThis as unknown as Page).socket.ready())
    /** Resolves when a state of that phase, and of that reason, has come behind those that there were. */
    const saw = (from: number, phase: string, reason?: string) =>
      page.waitForFunction(
        ([begin, wantedPhase, wantedReason]) =>
          (globalThis as unknown as Page).states
            .slice(begin)
            .some(
              (state) =>
                state.phase === wantedPhase &&
                (wantedReason === undefined || (state as { reason?: { name: string } }).reason?.name === wantedReason),
            ),
        [from, phase, reason] as const,
      )
    return { ...created, read, ready, saw }
  }

  test('what the server says goes to the handler of its type; texts, bytes and JSON go both ways as they are', async () => {
    const { url, peers, heard, until } = await serve()
    const { page, ready, read, errors } = await openPage(url)
    await ready()
    const [peer] = peers
    for (const each of ['{"type":"price","cents":3}', '{"type":"other"}', 'no JSON {']) peer?.send(each)
    peer?.send(new Uint8Array([0, 255, 128]))
    await page.waitForFunction(() => (globalThis as unknown as Page).messages.length === 4)
    expect(await read('messages')).toEqual([{ type: 'price', cents: 3 }, { type: 'other' }, 'no JSON {', [0, 255, 128]])
    expect(await read('prices')).toEqual([3])
    const sent = await page.evaluate(() => {
      const { socket } = globalThis as unknown as Page
      const bytes = new Uint8Array([9, 1, 2, 9])
      return [{ type: 'order', id: 7 }, 'text é', bytes.subarray(1, 3), bytes.buffer].map((each) => socket.send(each))
    })
    expect(sent).toEqual(['sent', 'sent', 'sent', 'sent'])
    await until(() => heard.length === 4)
    expect(heard).toEqual(['{"type":"order","id":7}', 'text é', [1, 2], [9, 1, 2, 9]])
    expect(errors).toEqual([])
  })

  test('a line that is cut: it comes back, and what was sent meanwhile arrives in order, as far as there is room', async () => {
    const { line, url, heard, until } = await serve()
    const { page, ready, read, saw, errors } = await openPage(url, { maxQueuedMessages: 2 })
    await ready()
    line.cut()
    await saw(0, 'connecting', 'lost')
    const sent = await page.evaluate(() => {
      const { socket } = globalThis as unknown as Page
      return ['one', new Uint8Array([2]), 'three'].map((each) => socket.send(each))
    })
    expect(sent).toEqual(['queued', 'queued', 'refused'])
    expect(await read('errors')).toEqual(['ERR_QUEUE_FULL'])
    // Several attempts that find nobody.
    await page.waitForFunction(() =>
      (globalThis as unknown as Page).states.some((state) => state.phase === 'connecting' && state.failures > 2),
    )
    line.mend()
    await until(() => heard.length === 2)
    expect(heard).toEqual(['one', [2]])
    await page.evaluate(() => (globalThis as unknown as Page).socket.send('four'))
    await until(() => heard.length === 3)
    expect(heard[2]).toBe('four')
    expect(errors).toEqual([])
  })

  test('a server that is asked and answers is kept; one that does not is left for another connection', async () => {
    const { url, peers, heard, until } = await serve()
    const keepalive = { message: { type: 'ping' }, intervalMs: 200, timeoutMs: 1000 }
    const { ready, saw, read, errors } = await openPage(url, { keepalive })
    await ready()
    await until(() => heard.length === 1)
    expect(heard).toEqual(['{"type":"ping"}'])
    peers[0]?.send('{"type":"pong"}')
    // Asked again, and not answered.
    await until(() => peers.length === 2)
    await saw(0, 'connecting', 'noPing')
    const [asked, answered] = (await read('states')).filter(({ phase }) => phase === 'connected').slice(1)
    expect([asked, answered]).toMatchObject([{ isSuspect: true }, { isSuspect: false }])
    expect(errors).toEqual([])
  })

  test('without a network it says so, and is back as soon as the device is, whatever it had to wait', async () => {
    const { line, url, peers, until } = await serve()
    const { context, page, ready, saw, errors } = await openPage(url, { minDelayMs: 60_000, maxDelayMs: 60_000 })
    await ready()
    await context.setOffline(true)
    line.cut()
    await saw(0, 'connecting', 'lost')
    // Somebody looks at the page again, and it tries, for nothing.
    await page.evaluate(() => dispatchEvent(new Event('pageshow')))
    await saw(0, 'connecting', 'offline')
    line.mend()
    await context.setOffline(false)
    await until(() => peers.length === 2)
    await ready()
    expect(errors).toEqual([])
  })

  test('a device that loses its network doubts a connection that can be asked', async () => {
    const { line, url } = await serve()
    const keepalive = { message: 'ping', intervalMs: 60_000, timeoutMs: 200 }
    const { context, page, ready, saw } = await openPage(url, { keepalive })
    await ready()
    await page.evaluate(() => {
      const now = Date.now
      Date.now = () => now() + 5000
    })
    for (const each of line.lines) each.shape({ ...HEALTHY, stalled: ['up', 'down'] })
    await context.setOffline(true)
    await saw(0, 'connecting', 'noPing')
    await context.setOffline(false)
    line.mend()
    await ready()
  })

  test('a code that is the end is one, as is close; connect begins again', async () => {
    const { url, peers, until } = await serve()
    const { page, ready, saw, read, errors } = await openPage(url)
    await ready()
    peers[0]?.close(4001, 'banned')
    await saw(0, 'disconnected', 'refused')
    expect((await read('states')).at(-1)).toMatchObject({ reason: { code: 4001, text: 'banned', retryable: false } })
    expect(await page.evaluate(() => (globalThis as unknown as Page).socket.send('late'))).toBe('refused')
    expect(await read('errors')).toEqual(['ERR_DISCONNECTED'])
    await page.evaluate(() => (globalThis as unknown as Page).socket.connect())
    await ready()
    await until(() => peers.length === 2)
    const closed = new Promise<number>((resolve) => peers[1]?.once('close', resolve))
    await page.evaluate(() => (globalThis as unknown as Page).socket.close())
    expect(await closed).toBe(1000)
    expect((await read('states')).at(-1)).toMatchObject({ phase: 'disconnected', reason: { name: 'disconnectCalled' } })
    expect(errors).toEqual([])
  })
})
