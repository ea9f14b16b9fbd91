import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type NodeWebSocket, PreparedMessage, WebSocketServer } from '@wigwag/socket'
import { announce } from '../announce.ts'

const subscribers = new Set<NodeWebSocket>()
const server = new WebSocketServer({
  ...(process.argv[2] === 'public' ? { io: 'public' } : {}),
  ...(process.argv[2] === 'deflate' ? { perMessageDeflate: { thresholdBytes: 0 } } : {}),
  open(socket) {
    if (socket.target === '/sub') subscribers.add(socket)
  },
  message(socket, data) {
    if (socket.target !== '/pub') {
      socket.send(data)
      return
    }
    const prepared = new PreparedMessage(data)
    for (const subscriber of subscribers) subscriber.send(prepared)
  },
  close(socket) {
    subscribers.delete(socket)
  },
})

if (process.argv[2] === 'http') {
  const http = createServer()
  server.attach(http)
  http.listen(0, '127.0.0.1', () => announce((http.address() as AddressInfo).port))
} else {
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
  announce(port)
}
