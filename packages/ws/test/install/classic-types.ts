// What programs with `esModuleInterop` and the resolution of old write. Nothing runs.

import type WebSocket from 'ws'
import * as everything from 'ws'
import { WebSocketServer } from 'ws'

const server: WebSocket.Server = new WebSocketServer({ port: 0 })
server.on('connection', (socket: WebSocket) => socket.send('hello'))
const client: WebSocket = new everything.WebSocket('ws://localhost')
const data: everything.Data = 'text'
client.send(data)
