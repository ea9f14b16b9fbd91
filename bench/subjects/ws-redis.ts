import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { announce } from '../announce.ts'

// What is used of ioredis: its types are with the peers, which need not be installed.
interface RedisClient {
  subscribe(channel: string): Promise<unknown>
  publish(channel: string, message: Buffer): Promise<number>
  on(event: 'messageBuffer', listener: (channel: Buffer, message: Buffer) => void): void
}
const IOREDIS: string = 'ioredis'
const { Redis } = (await import(IOREDIS)) as {
  Redis: new (url: string, options: { enableAutoPipelining: boolean }) => RedisClient
}

const CHANNEL = 'bench'
const url = process.argv[2] ?? ''
const publisher = new Redis(url, { enableAutoPipelining: true })
const subscriber = new Redis(url, { enableAutoPipelining: false })
const subscribers = new Set<WebSocket>()
subscriber.on('messageBuffer', (_channel, message) => {
  for (const socket of subscribers) socket.send(message, { binary: false })
})
await subscriber.subscribe(CHANNEL)

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
server.on('connection', (socket, request) => {
  if (request.url === '/pub') {
    socket.on('message', (data) => void publisher.publish(CHANNEL, data as Buffer))
    return
  }
  subscribers.add(socket)
  socket.on('close', () => subscribers.delete(socket))
})
server.on('listening', () => announce((server.address() as AddressInfo).port))
