import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { announce } from '../announce.ts'

const subscribers = new Set<WebSocket>()
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })

function publish(channel: string, data: unknown): void {
  const text = JSON.stringify({ channel, data })
  for (const subscriber of subscribers) subscriber.send(text)
}

server.on('connection', (socket, request) => {
  if (request.url === '/pub') {
    socket.on('message', (data) => publish('bench', JSON.parse(String(data))))
    return
  }
  subscribers.add(socket)
  socket.on('close', () => subscribers.delete(socket))
})
server.on('listening', () => announce((server.address() as AddressInfo).port))
