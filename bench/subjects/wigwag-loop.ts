import { type NodeWebSocket, PreparedMessage, WebSocketServer } from '@wigwag/socket'
import { announce } from '../announce.ts'

const subscribers = new Set<NodeWebSocket>()

function publish(channel: string, data: unknown): void {
  const message = new PreparedMessage(JSON.stringify({ channel, data }))
  for (const subscriber of subscribers) subscriber.send(message)
}

const server = new WebSocketServer({
  open(socket) {
    if (socket.target !== '/pub') subscribers.add(socket)
  },
  message(socket, data) {
    if (socket.target === '/pub') publish('bench', JSON.parse(String(data)))
  },
  close(socket) {
    subscribers.delete(socket)
  },
})
const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
announce(port)
