import type { AddressInfo } from 'node:net'
import type { WebSocket, WebSocketServer } from 'ws'
import { announce } from '../announce.ts'

/** The program that `ws` and whatever takes its place run: an echo, and a fan-out from `/pub` to `/sub`. */
export function serveWs(Server: typeof WebSocketServer): void {
  const subscribers = new Set<WebSocket>()
  const perMessageDeflate = process.argv[2] === 'deflate' ? { threshold: 0 } : false
  const server = new Server({ port: 0, host: '127.0.0.1', perMessageDeflate })

  server.on('connection', (socket, request) => {
    switch (request.url) {
      case '/sub':
        subscribers.add(socket)
        socket.on('close', () => subscribers.delete(socket))
        break
      case '/pub':
        socket.on('message', (data) => {
          for (const subscriber of subscribers) subscriber.send(data, { binary: false })
        })
        break
      default:
        socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
    }
  })
  server.on('listening', () => announce((server.address() as AddressInfo).port))
}
