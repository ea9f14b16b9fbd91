import { once } from 'node:events'
import { createRequire } from 'node:module'
import WebSocket, { createWebSocketStream, WebSocketServer } from 'ws'

test('import and require find one class', () => {
  const required = createRequire(import.meta.url)('ws')
  expect(required).toBe(WebSocket)
  expect(required.WebSocketServer).toBe(WebSocketServer)
  expect(required.createWebSocketStream).toBe(createWebSocketStream)
})

test('it works', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  server.on('connection', (socket) => socket.send('hello'))
  const client = new WebSocket(`ws://127.0.0.1:${server.address().port}`)
  expect(String((await once(client, 'message'))[0])).toBe('hello')
  client.close()
  await once(client, 'close')
  await new Promise((resolve) => server.close(resolve))
})
