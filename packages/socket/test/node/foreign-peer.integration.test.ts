import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket, WebSocketServer as WsServer } from 'ws'
import { digest, patternBytes, patternText } from './support/digest.ts'
import { LOCALHOST_CERTIFICATE } from './support/localhost-certificate.ts'
import { attachServer, openClient } from './support/open-server.ts'

const MESSAGES: (string | Uint8Array)[] = [
  '',
  'é€𝄞',
  ...[1, 125, 126, 5000, 65_535, 65_536, 500_000].flatMap((size) => [
    patternText(size, size),
    patternBytes(size, size),
  ]),
]

describe('a client of ws with our server', () => {
  test.each([
    ['ws', false],
    ['wss', true],
  ])('over %s: messages of every size both ways, pings, and a clean close', async (_scheme, tls) => {
    const { url, log } = await attachServer(
      { maxQueuedBytes: 16_000_000, message: (socket, data) => void socket.send(data) },
      { tls },
    )
    const client = new WebSocket(url, { ca: LOCALHOST_CERTIFICATE.cert, perMessageDeflate: true })
    const back: string[] = []
    client.on('message', (data: Buffer, isBinary) => back.push(digest(isBinary ? data : data.toString())))
    await once(client, 'open')
    expect(client.extensions, 'deflate is offered, and off by default').toBe('')
    for (const message of MESSAGES) client.send(message)
    client.ping('are you there')
    const [pong] = await once(client, 'pong')
    expect(String(pong)).toBe('are you there')
    expect(back).toEqual(MESSAGES.map(digest))
    client.close(4001, 'done')
    const [code] = await once(client, 'close')
    expect(code).toBe(4001)
    expect((await log.next('close')).outcome).toMatchObject({ code: 4001, reason: 'done', clean: true })
  })

  test('a message in many fragments with pings between them comes as one', async () => {
    const { url, log } = await attachServer()
    const client = new WebSocket(url)
    await once(client, 'open')
    for (let i = 0; i < 100; i++) {
      client.send(`${i},`, { fin: false })
      if (i % 10 === 0) client.ping()
    }
    client.send('end', { fin: true })
    await log.next('message')
    expect(log.messages).toEqual([`${Array.from({ length: 100 }, (_, i) => `${i},`).join('')}end`])
    expect(log.of('ping')).toHaveLength(10)
    client.terminate()
  })

  test('our close is answered, and its subprotocol is chosen', async () => {
    const { server, url, log } = await attachServer({ subprotocols: ['b'] })
    const client = new WebSocket(url, ['a', 'b'])
    await once(client, 'open')
    expect(client.protocol).toBe('b')
    await log.next('open')
    for (const socket of server.sockets) socket.close(3001, 'bye')
    const [code, reason] = await once(client, 'close')
    expect([code, String(reason)]).toEqual([3001, 'bye'])
    expect((await log.next('close')).outcome).toMatchObject({ code: 3001, clean: true })
  })
})

describe('our client with a server of ws', () => {
  async function openWs(): Promise<{ ws: WsServer; url: string }> {
    const ws = new WsServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'b' })
    await once(ws, 'listening')
    onTestFinished(async () => {
      for (const client of ws.clients) client.terminate()
      await new Promise((resolve) => ws.close(resolve))
    })
    return { ws, url: `ws://127.0.0.1:${(ws.address() as AddressInfo).port}/` }
  }

  test('messages of every size both ways, masked with keys that differ', async () => {
    const { ws, url } = await openWs()
    ws.on('connection', (socket) => socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })))
    const { socket, log } = await openClient(url, { subprotocols: ['a', 'b'] })
    expect(socket.protocol).toBe('b')
    for (const message of MESSAGES) socket.send(message)
    await log.next('message', MESSAGES.length)
    expect(log.messages.map(digest)).toEqual(MESSAGES.map(digest))
  })

  test.each(['we', 'they'] as const)('%s close, with code and reason', async (who) => {
    const { ws, url } = await openWs()
    const connected = once(ws, 'connection')
    const { socket, log } = await openClient(url, { subprotocols: ['b'] })
    const [theirs] = (await connected) as [WebSocket]
    const closed = once(theirs, 'close')
    if (who === 'we') socket.close(4002, 'enough')
    else theirs.close(4002, 'enough')
    expect((await log.next('close')).outcome).toMatchObject({ code: 4002, clean: true })
    const [code] = await closed
    expect(code).toBe(4002)
  })

  test('their terminate is 1006 here', async () => {
    const { ws, url } = await openWs()
    const connected = once(ws, 'connection')
    const { log } = await openClient(url, { subprotocols: ['b'] })
    const [theirs] = (await connected) as [WebSocket]
    theirs.terminate()
    expect((await log.next('close')).outcome).toMatchObject({ code: 1006, clean: false })
  })
})
