// What programs write, compiled as CommonJS against the declarations. Nothing runs.
import WebSocket = require('ws')

import type { WebSocketServer as ServerType } from 'ws'

const server: ServerType = new WebSocket.Server({ port: 0 })
const another: WebSocket.Server = new WebSocket.WebSocketServer({ noServer: true })
server.on('connection', (socket: WebSocket, request) => {
  socket.on('message', (data: WebSocket.RawData) => socket.send(data.toString() + request.url))
  const again: WebSocket.WebSocket = socket
  again.close()
})
const options: WebSocket.ServerOptions = { port: 1 }
const stream = WebSocket.createWebSocketStream(new WebSocket.WebSocket('ws://localhost'))
const frame: Buffer[] = WebSocket.Sender.frame('x', { opcode: 1, fin: true })
export = { another, options, stream, frame, open: WebSocket.OPEN }
