// What is bundled: a program that imports ws, with a package that requires it. It prints what it saw.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { Server } from 'socket.io'
import { io } from 'socket.io-client'
import WebSocket, { createWebSocketStream, WebSocketServer } from 'ws'

const seen = []
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: { threshold: 0 } })
await once(server, 'listening')
server.on('connection', (socket) => {
  const stream = createWebSocketStream(socket)
  stream.pipe(stream)
})
const client = new WebSocket(`ws://127.0.0.1:${server.address().port}`)
await once(client, 'open')
seen.push(client.extensions, WebSocket.WebSocketServer === WebSocketServer, WebSocketServer === WebSocket.Server)
for (const data of ['text', 'x'.repeat(100_000), Buffer.from([1, 2])]) {
  const answer = once(client, 'message')
  client.send(data)
  const [got, isBinary] = await answer
  seen.push([got.length, Buffer.isBuffer(got), isBinary])
}
client.close(4000, 'bye')
seen.push((await once(client, 'close')).map(String))
server.close()
const refused = new WebSocket('ws://127.0.0.1:1')
const [error] = await once(refused, 'error')
seen.push([error.name, error.code])

const http = createServer().listen(0, '127.0.0.1')
await once(http, 'listening')
const sockets = new Server(http)
sockets.on('connection', (socket) => socket.on('echo', (...data) => data.pop()(...data)))
const one = io(`http://127.0.0.1:${http.address().port}`, { transports: ['websocket'] })
seen.push(await one.timeout(20_000).emitWithAck('echo', 'through socket.io'))
seen.push(one.io.engine.transport.ws instanceof WebSocket)
one.close()
await sockets.close()
process.stdout.write(JSON.stringify(seen))
