import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from '@wigwag/socket'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket, WebSocketServer as WsServer } from 'ws'
import { attachServer } from './support/open-server.ts'
import { RawPeer, type RequestFields, requestHead, upgradeRequest } from './support/raw-peer.ts'

const NGINX: RequestFields = { Host: 'localhost', Upgrade: 'websocket', Connection: 'upgrade' }

describe.each([
  ['http', false],
  ['https', true],
])('RFC 9110 §7.8 on an %s server, an Upgrade that is no WebSocket handshake is a plain request', (_scheme, tls) => {
  const h2c = { Host: 'localhost', Upgrade: 'h2c', Connection: 'Upgrade, HTTP2-Settings', 'HTTP2-Settings': 'AAMAAABk' }
  test.each([
    ['GET with Upgrade: websocket, as nginx sends it', 'GET /page HTTP/1.1', NGINX, '', 'GET /page '],
    ['POST with a length', 'POST /in HTTP/1.1', { ...NGINX, 'Content-Length': '4' }, 'body', 'POST /in body'],
    [
      'POST in chunks',
      'POST /in HTTP/1.1',
      { ...NGINX, 'Transfer-Encoding': 'chunked' },
      '2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n',
      'POST /in body',
    ],
    ['Upgrade: h2c', 'GET /h2c HTTP/1.1', h2c, '', 'GET /h2c '],
  ])('%s', async (_what, requestLine, fields, body, answer) => {
    const { server, port } = await attachServer({}, { tls })
    const peer = await RawPeer.connect(port, { tls })
    peer.write(requestHead(requestLine, fields) + body)
    await peer.until(() => peer.body === answer)
    expect(peer.status).toBe(200)
    expect(server.stats.refused).toBe(0)
  })

  test('the connection is kept alive: more such requests, and then a real upgrade, follow on it', async () => {
    const { port, log } = await attachServer({}, { tls })
    const peer = await RawPeer.connect(port, { tls })
    for (let i = 0; i < 3; i++) {
      peer.write(`${requestHead(`POST /${i} HTTP/1.1`, { ...NGINX, 'Content-Length': '2' })}${i}${i}`)
      await peer.until(() => peer.body === `POST /${i} ${i}${i}`)
      peer.nextHead()
    }
    peer.write(upgradeRequest())
    await peer.until(() => peer.status === 101)
    peer.frame(1, 'at last')
    await log.next('message')
    expect(log.messages).toEqual(['at last'])
  })

  test('a body that comes later than its head is read whole, and what is pipelined behind it is served, too', async () => {
    const { port } = await attachServer({}, { tls })
    const peer = await RawPeer.connect(port, { tls })
    const body = 'x'.repeat(100_000)
    peer.write(requestHead('POST /late HTTP/1.1', { ...NGINX, 'Content-Length': String(body.length) }))
    peer.write(body.slice(0, 10))
    await new Promise(setImmediate)
    peer.write(`${body.slice(10)}${requestHead('GET /next HTTP/1.1', { Host: 'localhost' })}`)
    await peer.until(() => peer.body === `POST /late ${body}`)
    peer.nextHead()
    await peer.until(() => peer.body === 'GET /next ')
  })
})

test('Connection: close besides the upgrade is obeyed', async () => {
  const { port } = await attachServer()
  const peer = await RawPeer.connect(port)
  peer.write(requestHead('GET /last HTTP/1.1', { ...NGINX, Connection: 'upgrade, close' }))
  await peer.until(() => peer.ended)
  expect(peer.body).toBe('GET /last ')
})

test('header fields reach the application as they were sent, but for those of the upgrade', async () => {
  let raw: string[] = []
  const { port } = await attachServer(
    {},
    {
      request: (incoming, response) => {
        raw = incoming.rawHeaders
        response.end()
      },
    },
  )
  const peer = await RawPeer.connect(port)
  const fields = { ...NGINX, 'X-Twice': ['a', 'b'], Cookie: 'é=1', Connection: 'upgrade, keep-alive' }
  peer.socket.write(requestHead('GET / HTTP/1.1', fields), 'latin1')
  await peer.until(() => peer.status === 200)
  expect(raw).toEqual([
    'Host',
    'localhost',
    'Connection',
    'keep-alive',
    'X-Twice',
    'a',
    'X-Twice',
    'b',
    'Cookie',
    'é=1',
  ])
})

describe('an upgrade for somebody else', () => {
  test('is a plain request where nobody else listens for upgrades', async () => {
    const { server, port } = await attachServer({ path: '/ours' })
    const peer = await RawPeer.connect(port)
    peer.write(upgradeRequest({}, 'GET /other HTTP/1.1'))
    await peer.until(() => peer.status === 200)
    expect(peer.body).toBe('GET /other ')
    expect(server.stats.refused).toBe(0)
  })

  test.each([
    ['before', true],
    ['behind', false],
  ])('goes to a ws server on its own path that was attached %s ours', async (_order, wsFirst) => {
    let ws: WsServer | undefined
    const { http, port, log } = await attachServer(
      { path: '/ours', message: (socket, data) => void socket.send(data) },
      {
        before: (server) => {
          if (wsFirst) ws = new WsServer({ server, path: '/theirs' })
        },
      },
    )
    ws ??= new WsServer({ server: http, path: '/theirs' })
    ws.on('connection', (socket) => socket.on('message', (data) => socket.send(`ws: ${data}`)))
    for (const [path, answer] of [
      ['/theirs', 'ws: hello'],
      ['/ours', 'hello'],
    ]) {
      const client = new WebSocket(`ws://127.0.0.1:${port}${path}`)
      client.on('open', () => client.send('hello'))
      const data = await new Promise((resolve) => client.on('message', resolve))
      expect(String(data)).toBe(answer)
      client.close()
      await new Promise((resolve) => client.on('close', resolve))
    }
    expect(log.messages).toEqual(['hello'])
    ws.close()
  })

  test('two servers of ours share one http server by path', async () => {
    const first = await attachServer({ path: '/first' })
    const second = new WebSocketServer({ path: '/second' })
    second.attach(first.http)
    for (const path of ['/first', '/second']) {
      const peer = await RawPeer.connect(first.port)
      peer.write(upgradeRequest({}, `GET ${path} HTTP/1.1`))
      await peer.until(() => peer.status === 101)
    }
    expect([first.server.sockets.size, second.sockets.size]).toEqual([1, 1])
    second.terminate()
  })

  test('once detached, ours is a plain request, too; open sockets stay', async () => {
    const { server, port, log, detach } = await attachServer()
    const open = await RawPeer.upgrade(port)
    detach()
    const late = await RawPeer.connect(port)
    late.write(upgradeRequest())
    await late.until(() => late.status === 200)
    open.frame(1, 'still here')
    await log.next('message')
    expect(server.sockets.size).toBe(1)
  })
})

test('where nobody listens for requests, one that nobody takes is answered, with 404', async () => {
  const server = createServer()
  const sockets = new WebSocketServer({ path: '/chat' })
  sockets.attach(server)
  onTestFinished(async () => {
    await sockets.close()
    server.close()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const answer = await fetch(`http://127.0.0.1:${port}/elsewhere`)
  expect([answer.status, await answer.text()]).toEqual([404, 'There is nothing at this path.\n'])
  // Whoever comes later has it.
  server.on('request', (_request, response) => response.end('a page'))
  expect(await (await fetch(`http://127.0.0.1:${port}/elsewhere`)).text()).toBe('a page')
})
