import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { WebSocketServer } from '@wigwag/socket'
import { expect, test } from 'vitest'

/** An HTTP server with a WebSocket server on it, whose plain answers wait until they are released. */
async function serve(): Promise<{ port: number; release: () => void; [Symbol.asyncDispose](): Promise<void> }> {
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
