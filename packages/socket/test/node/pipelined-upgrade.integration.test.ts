import { type EventEmitter, errorMonitor, once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { WebSocketServer } from '@wigwag/socket'
import { expect, test } from 'vitest'

interface Served {
  readonly http: Server
  readonly port: number
  release(): void
  [Symbol.asyncDispose](): Promise<void>
}

/** An HTTP server with a WebSocket server on it, whose plain answers wait until they are released. */
async function serve(): Promise<Served> {
  const waiting: (() => void)[] = []
  let released = false
  const answer = (incoming: IncomingMessage, response: ServerResponse): void => {
    const end = (): void => void response.end(`answer to ${incoming.url}\n`)
    if (released) end()
    else waiting.push(end)
  }
  const http = createServer(answer)
  const sockets = new WebSocketServer({ message: (socket, data) => void socket.send(data) })
  sockets.attach(http)
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve)
  })
  return {
    http,
    port: (http.address() as AddressInfo).port,
    release: () => {
      released = true
      for (const end of waiting) end()
    },
    [Symbol.asyncDispose]: async () => {
      await sockets.close()
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}

const plain = (path: string, headers = ''): string => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}\r\n`
const NGINX = 'Connection: upgrade\r\nUpgrade: websocket\r\n'
const HANDSHAKE = `${NGINX}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n`

/** Sends requests in one go, and collects what comes until it matches. */
async function exchange(port: number, requests: string, sent: () => void, until: RegExp): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject).on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (until.test(text)) resolve()
    })
    socket.write(requests, sent)
  })
  socket.destroy()
  return text
}

const answered = (text: string): string[] =>
  [...text.matchAll(/answer to (\S+)|HTTP\/1\.1 101/g)].map(([all, path]) => path ?? all)

test('RFC 9112 §9.3.2 a plain request with Upgrade is answered behind those that were sent before it', async () => {
  await using server = await serve()
  const requests = plain('/1') + plain('/2', NGINX) + plain('/3', NGINX) + plain('/4')
  const text = await exchange(server.port, requests, server.release, /answer to \/4/)
  expect(answered(text)).toEqual(['/1', '/2', '/3', '/4'])
})

test('a handshake behind an unanswered request is answered behind it', async () => {
  await using server = await serve()
  const text = await exchange(server.port, plain('/1') + plain('/ws', HANDSHAKE), server.release, /101/)
  expect(answered(text)).toEqual(['/1', 'HTTP/1.1 101'])
})

test('a client that ended its side while its handshake waited for an earlier answer is let go, not let in', async () => {
  await using server = await serve()
  const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true })
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
  })
  await new Promise<void>((resolve) => {
    socket.write(plain('/1') + plain('/ws', HANDSHAKE), () => resolve())
  })
  socket.end()
  // The answer is released when the server must have seen the FIN: another connection has come and gone behind it.
  await new Promise((resolve) => connect(server.port, '127.0.0.1').end().resume().once('close', resolve))
  server.release()
  await new Promise((resolve) => socket.once('close', resolve))
  expect(answered(text)).toEqual(['/1'])
})

test.each([
  ['a handshake', HANDSHAKE],
  ['a plain request with Upgrade', NGINX],
])('a reset that meets the answer before %s is an error that somebody listens for', async (_what, headers) => {
  await using server = await serve()
  const connected = once(server.http, 'connection')
  const requested = once(server.http, 'request')
  const client = connect(server.port, '127.0.0.1')
  const [socket] = (await connected) as [Socket & EventEmitter]
  const listeners: number[] = []
  socket.on(errorMonitor, () => void listeners.push(socket.listenerCount('error')))
  client.write(plain('/1') + plain('/2', headers))
  await requested
  await new Promise(setImmediate)
  client.resetAndDestroy()
  server.release()
  await new Promise((resolve) => socket.once('close', resolve))
  expect(listeners).toEqual([1])
})
