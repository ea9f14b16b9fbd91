// The four ways in which programs get at it, in one process: it must be one and the same class.

import assert from 'node:assert'
import { createRequire } from 'node:module'
import * as everything from 'ws'
import WebSocket, { createWebSocketStream, WebSocket as Named, WebSocketServer } from 'ws'

const required = createRequire(import.meta.url)('ws')
assert.strictEqual(required, WebSocket)
assert.strictEqual(required.WebSocket, Named)
assert.strictEqual(required.Server, WebSocketServer)
assert.strictEqual(required.WebSocketServer, WebSocketServer)
assert.strictEqual(required.createWebSocketStream, createWebSocketStream)
assert.deepStrictEqual(Object.keys(everything).sort(), [
  'PerMessageDeflate',
  'Receiver',
  'Sender',
  'WebSocket',
  'WebSocketServer',
  'createWebSocketStream',
  'default',
  'extension',
  'subprotocol',
])
assert.match(createRequire(import.meta.url)('ws/package.json').name, /^@wigwag\/ws$/)

const server = new required.Server({ port: 0, host: '127.0.0.1' })
server.on('connection', (socket) => socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })))
server.on('listening', () => {
  const client = new WebSocket(`ws://127.0.0.1:${server.address().port}`)
  client.on('open', () => client.send('echo'))
  client.on('message', (data) => {
    console.log(String(data))
    client.close()
    server.close()
  })
})
