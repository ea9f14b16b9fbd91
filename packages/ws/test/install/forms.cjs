'use strict'
// The same in CommonJS.
const WebSocket = require('ws')
const { WebSocketServer } = require('ws')

const server = new (require('ws').Server)({ port: 0, host: '127.0.0.1' }, () => {
  const client = new WebSocket(`ws://127.0.0.1:${server.address().port}`)
  client.on('message', (data) => {
    console.log(String(data))
    client.close()
    server.close()
  })
})
if (!(server instanceof WebSocketServer)) throw new Error('another class')
server.on('connection', (socket) => socket.send('echo'))
import('ws').then(
  (everything) => {
    if (everything.default !== WebSocket) throw new Error('another class')
  },
  (error) => {
    throw error
  },
)
