import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { announce } from '../announce.ts'

// What is used of Socket.IO: its types are with the peers, which need not be installed.
interface IoServer {
  on(event: 'connection', listener: (socket: { join(room: string): void }) => void): void
  to(room: string): { emit(event: string, data: unknown): void }
}
const SOCKET_IO: string = 'socket.io'
const { Server } = (await import(SOCKET_IO)) as {
  Server: new (server: object, options: { transports: readonly string[] }) => IoServer
}

const ROOM = 'bench'
const server = createServer()
const io = new Server(server, { transports: ['websocket'] })
io.on('connection', (socket) => socket.join(ROOM))

// Whoever publishes comes to every subject in the same way.
const publishers = new WebSocketServer({ noServer: true })
server.on('upgrade', (request, socket, head) => {
  if (request.url !== '/pub') return
  publishers.handleUpgrade(request, socket, head, (publisher) => {
    publisher.on('message', (data) => io.to(ROOM).emit('publication', JSON.parse(String(data))))
  })
})
server.listen(0, '127.0.0.1', () => announce((server.address() as AddressInfo).port))
